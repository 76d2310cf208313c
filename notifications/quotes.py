"""Where a Chinese mail program begins to quote: lines that the library of replies does not know."""

import re

_RULE = re.compile(
    r"^[\s>*]*[-—_=]{3,}\s*(?:原始邮件|原邮件|转发邮件信息|转发邮件|回复的原邮件|Original(?: Message)?)\s*[-—_=]*\s*$",
    re.IGNORECASE,
)
"""QQ 邮箱, 网易邮箱大师, Foxmail."""

_WROTE = re.compile(r"^[\s>]*(?:在|于)?\s*.{0,160}?\d.{0,160}?(?:写道|写了|来信|寫道)\s*[：:]?\s*$")
"""网易 ("在 2026-07-01 08:00:00，… 写道："), Gmail ("… 于2026年7月1日周三 08:00写道："), iPhone."""

_WROTE_BEGINS = re.compile(r"^[\s>]*(?:在|于)\s*\d{4}\s*[年/-].*$")
"""The same broken over two lines."""

_AT = re.compile(r"^[\s>]*At \d{4}-\d{2}-\d{2} .{0,160} wrote:\s*$")
"""网易 in English."""

_FROM = re.compile(r"^[\s>*]*(?:发件人|寄件者|寄件人|发信人)\s*[*]?\s*[：:]")
_FIELD = re.compile(r"^[\s>*]*(?:发送时间|发送日期|日期|时间|收件人|主题|抄送|寄件日期|收件者|主旨)\s*[*]?\s*[：:]")
"""Outlook and Foxmail: a block of fields, with either colon."""

_SENT_FROM = re.compile(r"^\s*(?:发自我的|从我的|来自我的|发送自)\s*.{1,40}$")
"""手机 signatures."""

FIELDS_WITHIN = 4
"""Lines below "发件人" among which another field makes it a quote's head and not a sentence."""


def cut_chinese_quote(text: str) -> str:
    """The text above the first quotation; all of it when there is none or nothing would be left."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _begins_quote(lines, number, line):
            above = "\n".join(lines[:number]).rstrip()
            return _without_phone(above) if above.strip() else text
    return _without_phone(text)


def _begins_quote(lines: list[str], number: int, line: str) -> bool:
    if _RULE.match(line) or _AT.match(line) or _WROTE.match(line):
        return True
    if (
        _WROTE_BEGINS.match(line)
        and number + 1 < len(lines)
        and lines[number + 1].rstrip().endswith(("写道：", "写道:"))
    ):
        return True
    below = lines[number + 1 : number + 1 + FIELDS_WITHIN]
    return bool(_FROM.match(line)) and any(_FIELD.match(one) for one in below)


def _without_phone(text: str) -> str:
    lines = text.rstrip().split("\n")
    while lines and (_SENT_FROM.match(lines[-1]) or not lines[-1].strip()):
        lines.pop()
    return "\n".join(lines)
