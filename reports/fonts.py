"""Where the fonts of documents lie, and which characters they can draw."""

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from words.refusal import Refusal

_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "fonts"
FONT_FILES = ("NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf")


class FontsMissing(Refusal):
    """The assets were never assembled."""

    code = "fonts_missing"
    sentence = "The fonts of documents are missing in {folder}."
    remedy = "Run `make assets` once; it needs the network."


def font_folder() -> Path:
    """The folder with the fonts of documents. Raises FontsMissing."""
    if not all((_FOLDER / name).is_file() for name in FONT_FILES):
        raise FontsMissing(folder=_FOLDER)
    return _FOLDER


@cache
def drawable_characters() -> frozenset[str]:
    """Every character that regular and bold text can show; line breaks and the like are the caller's to remove."""
    folder = font_folder()
    regular, bold, latin, latin_bold = (_characters(folder / name) for name in FONT_FILES)
    return (regular & bold) | (latin & latin_bold)


def _characters(path: Path) -> frozenset[str]:
    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def _advances() -> dict[str, float]:
    """Width of each character of regular text, as a part of the font size."""
    widths: dict[str, float] = {}
    for name in ("NotoSans-Regular.ttf", "NotoSansSC-Regular.ttf"):
        with TTFont(font_folder() / name, lazy=True) as font:
            units, metrics = font["head"].unitsPerEm, font["hmtx"].metrics
            widths |= {chr(code): metrics[glyph][0] / units for code, glyph in font.getBestCmap().items()}
    return widths


def text_width(text: str, size: float) -> float:
    """Points that `text` takes on one line in regular weight without kerning; 0 for what cannot be drawn."""
    advances = _advances()
    return size * sum(advances.get(sign, 0.0) for sign in text)
