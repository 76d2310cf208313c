"""What a mail is and says, from its bytes alone."""

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.inbound import Failure, newest_words, read_inbound
from tests.inbound.mails import WANG, chinese_bounce, delivery_status, marked, reply, vague_bounce

ROW = UUID("0198a1b2-0000-7000-8000-000000000001")
OTHER = UUID("0198a1b2-0000-7000-8000-000000000002")

QUOTES = (
    ("We paid on Monday.", "\n\nOn Wed, Jul 1, 2026 at 8:00 AM Harbour <a@b.example> wrote:\n\n> Please look\n"),
    ("OK", "\n\n-----Original Message-----\nFrom: Harbour\nSent: Wednesday\nTo: Wang\nSubject: x\n\nPlease look\n"),
    (
        "已付款，请查收。",
        "\n\n发件人：海港仪器 <a@b.example>\n发送时间：2026年7月1日\n收件人：王建国\n主题：对账单\n\n请确认\n",
    ),
    (
        "已付款",
        '\n\n---------------- 原始邮件 ----------------\n发件人: "海港" <a@b.example>;\n发送时间: 2026年\n\n请确认\n',
    ),
    ("好的。", '\n\n在 2026-07-01 08:00:00，"海港仪器" <a@b.example> 写道：\n请确认\n> abc\n'),
    ("收到", "\n\n海港仪器 <a@b.example> 于2026年7月1日周三 08:00写道：\n\n> 请确认\n"),
    ("金额不符，少了五月的红字发票。", '\n\nAt 2026-07-01 08:00:00, "Harbour" <a@b.example> wrote:\n>请确认\n'),
    ("请改到 7 月 15 日付款", "\n\n发自我的iPhone\n\n--------------- Original ---------------\nFrom: Harbour\n\nx\n"),
    ("余额一致", "\n> 请确认\n> 谢谢\n"),
)


@pytest.mark.parametrize(("own", "quoted"), QUOTES)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_quotes_are_cut(own: str, quoted: str, ends: str) -> None:
    """What the writer wrote is left, in the habits of Western and Chinese mail programs."""
    assert newest_words((own + quoted).replace("\n", ends)) == own


@pytest.mark.parametrize(
    "text",
    ["请把发件人：改一下", "他在来信中写道：不同意", "We wrote: nothing on 3 July", "在 2026 年付清", "> only quoted"],
)  # fmt: skip
def test_words_that_look_like_quotes_stay(text: str) -> None:
    """A reply is never emptied, and a sentence is no quotation."""
    assert newest_words(f"第一行\n{text}\n最后一行").startswith("第一行")
    assert "最后一行" in newest_words(f"第一行\n{text}\n最后一行")


def test_a_reply_is_found_by_its_mark_before_its_references() -> None:
    """The address says it surest; several marks keep their order and lose their doubles."""
    read = read_inbound(reply("已付款", to=marked(ROW), In_Reply_To=f"<{OTHER}@tieout>", References=f"<{ROW}@tieout>"))
    assert (read.kind, read.sender, read.sender_name) == ("reply", WANG, "王建国")
    assert read.rows == (ROW, OTHER)
    assert read.words == "已付款"


def test_an_html_mail_loses_tags_styles_and_quotes() -> None:
    """Only its words are kept."""
    html = "<style>p{}</style><p>已付款</p><script>alert(1)</script><blockquote>请确认</blockquote><div>谢谢</div>"
    head = f"From: {WANG}\nTo: {marked(ROW)}\nContent-Type: text/html; charset=utf-8\n\n"
    read = read_inbound((head + html).encode())
    assert read.words == "已付款\n谢谢"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"}, {"X_Autoreply": "yes"}, {"Precedence": "bulk"},
        {"subject": "自动回复: 出差中"}, {"subject": "Automatic reply: statement"}, {"subject": "Out of office"},
    ],
)  # fmt: skip
def test_machines_are_told_from_people(headers: dict[str, str]) -> None:
    """By the headers that programs set, or by how their subjects begin."""
    assert read_inbound(reply("I am away", to=marked(ROW), **headers)).kind == "auto_reply"


def test_auto_submitted_no_is_a_person() -> None:
    """RFC 3834 lets programs say so."""
    assert read_inbound(reply("hello", Auto_Submitted="no")).kind == "reply"


@pytest.mark.parametrize(("subject", "text"), [("unsubscribe", ""), ("退订", ""), ("Re: x", "退订")])
def test_unsubscribing_by_mail(subject: str, text: str) -> None:
    """The form that the header's mailto makes, and what people write."""
    assert read_inbound(reply(text, subject=subject, to=marked(ROW))).kind == "unsubscribe"


def test_a_delivery_status_names_address_and_words() -> None:
    """Failed for good, or only delayed; the returned headers lead to the message."""
    read = read_inbound(delivery_status("bounce@acme.example", WANG, answers=f"<{ROW}@tieout>"))
    assert (read.kind, read.rows, read.failures) == ("bounce", (ROW,), (Failure(WANG, permanent=True),))
    assert "550 5.1.1" in read.words
    slow = read_inbound(delivery_status(marked(ROW), WANG, action="delayed", status="4.4.1"))
    assert slow.failures == (Failure(WANG, permanent=False),)


def test_chinese_providers_own_words() -> None:
    """One address beside words that say for good is believed; vague words are left to a person."""
    assert read_inbound(chinese_bounce(marked(ROW), WANG)).failures == (Failure(WANG, permanent=True),)
    vague = read_inbound(vague_bounce(marked(ROW)))
    assert (vague.kind, vague.rows, vague.failures) == ("bounce", (ROW,), ())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_read(content: bytes) -> None:
    """Nobody can stop the poll by a broken mail."""
    assert read_inbound(content).kind in {"reply", "bounce", "auto_reply", "unsubscribe"}


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_headers_are_read(subject: str, sender: str) -> None:
    """Whatever a stranger writes into them."""
    content = f"From: {sender}\nSubject: {subject}\nTo: {sender}\n\nhello".encode(errors="replace")
    assert "\n" not in read_inbound(content).title


@pytest.mark.parametrize("piece", ["> ", "在", "On ", "发件人：", "\n\n写道：", "On Wed, 1 wrote:\n", "--"])
def test_texts_made_to_stop_a_pattern_are_read(piece: str) -> None:
    """The library's patterns take minutes for such a text whole: it is given the beginning only."""
    assert newest_words(piece * 30_000) is not None
