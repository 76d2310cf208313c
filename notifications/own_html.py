"""The HTML that a company's own wording may consist of: read, judged, and written anew from what was understood.

Whatever a value smuggles in is then either text or a reason not to send these words at all.
"""

from html import escape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from notifications.own_language import WordingFailedError

TAGS = frozenset({
    "p", "br", "hr", "h2", "h3", "strong", "b", "em", "i", "u", "s", "small", "span", "div", "blockquote", "code",
    "pre", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a",
})  # fmt: skip
VOID = frozenset({"br", "hr"})

CLASSES = frozenset({
    "figures", "value", "words", "strong", "quiet", "said", "alert", "fine", "button", "press", "link",
})  # fmt: skip
"""The house's own: each is readable in the light and in the dark, which a colour of somebody's choice is not."""

_CELL = frozenset({"colspan", "rowspan", "align"})
ATTRIBUTES = {"a": frozenset({"href", "title"}), "table": frozenset({"role"}), "td": _CELL, "th": _CELL}
EVERYWHERE = frozenset({"class", "lang", "dir"})
SCHEMES = frozenset({"http", "https", "mailto"})


def clean_html(html: str) -> str:
    """The same HTML, written anew; raises WordingFailedError for anything beyond words, lists, tables and links."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.open:
        raise WordingFailedError("The tag <{tag}> is not closed.", tag=reader.open[-1])
    return "".join(reader.written)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.written: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            raise WordingFailedError("The tag <{tag}> is not possible in a message.", tag=tag)
        self.written.append(f"<{tag}{''.join(_attribute(tag, name, value or '') for name, value in attrs)}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            raise WordingFailedError("The tag <{tag}> is closed where it is not open.", tag=tag)
        self.open.pop()
        self.written.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.written.append(escape(data, quote=False))

    def handle_comment(self, data: str) -> None:
        raise WordingFailedError("“{name}” is not possible in a message.", name=f"<!{data[:20]}")

    handle_pi = unknown_decl = handle_comment

    def handle_decl(self, decl: str) -> None:
        self.handle_comment(decl)


def _attribute(tag: str, name: str, value: str) -> str:
    if name not in EVERYWHERE | ATTRIBUTES.get(tag, frozenset()):
        raise WordingFailedError("“{name}” is not possible in <{tag}>.", name=name, tag=tag)
    if name == "class" and not CLASSES.issuperset(value.split()):
        raise WordingFailedError("There is no style “{name}”.", name=value)
    if name == "href" and urlsplit(value.strip()).scheme not in SCHEMES:
        raise WordingFailedError("“{name}” is not an address that a message may lead to.", name=value)
    return f' {name}="{escape(value)}"'
