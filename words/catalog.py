"""Looks up the Chinese for an English sentence; a test fails on a sentence without one."""

from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("en", "zh")
LOCALES = {"en": "en_GB", "zh": "zh_CN"}
_FOLDER = Path(__file__).parent / "locale" / "zh_CN"


@cache
def chinese() -> dict[str, str]:
    """Every translated sentence of the house, English to Chinese, from all `.po` files."""
    sentences: dict[str, str] = {}
    for path in sorted(_FOLDER.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if message.id and isinstance(message.id, str) and isinstance(message.string, str) and message.string:
                    sentences[message.id] = message.string
    return sentences


def translate(sentence: str, language: str, **values: object) -> str:
    """`sentence` in `language` ("zh" or "en") with `{name}` places filled from `values`."""
    text = chinese().get(sentence, sentence) if language == "zh" else sentence
    return text.format(**values) if values else text


def language_of(tag: str | None, default: str = "en") -> str:
    """The nearest of our languages for a browser's or customer's language tag ("zh-Hans-CN", "en-US")."""
    if not tag:
        return default
    return "zh" if tag.lower().startswith("zh") else "en"
