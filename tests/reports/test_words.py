"""What documents say: complete Chinese, capital amounts, figures as Babel writes them."""

import ast
from decimal import Decimal
from pathlib import Path

import cn2an
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from reports import labels
from reports.capital_amount import capital_amount
from reports.entry_template import COLUMNS as ENTRY_COLUMNS
from reports.fonts import drawable_characters, text_width
from reports.statement_view import ITEM_COLUMNS, MOVEMENT_COLUMNS, breakable
from reports.statement_workbook import COLUMNS
from words.catalog import LOCALES, chinese
from words.figures import amount_text
from words.refusal import Refusal

REPORTS = Path(__file__).resolve().parents[2] / "reports"


def test_every_sentence_has_its_chinese() -> None:
    """What the code says, and what its tables of words hold."""
    said = {text for path in REPORTS.glob("*.py") for text in _said(ast.parse(path.read_text()))}
    for words in (labels.KINDS, labels.FORMS, labels.SECTIONS, labels.EQUATIONS, labels.DISPUTE_STATUSES):
        said |= set(words.values())
    said |= {*labels.FLAGS.values(), *labels.BASES.values(), *labels.REASONS.values()}
    said |= {*ITEM_COLUMNS, *MOVEMENT_COLUMNS, *(name for name, _ in COLUMNS)}
    said |= {column.help for column in ENTRY_COLUMNS}
    for refusal in Refusal.__subclasses__():
        if refusal.__module__.startswith("reports."):
            said |= {refusal.sentence, refusal.remedy}
    assert {sentence for sentence in said if sentence not in chinese()} == set()


def _said(tree: ast.AST) -> set[str]:
    """First arguments of `say`, `translate` and `_sheet`, and of the helpers that pass a tuple of names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"say", "translate", "_sheet", "_heading"}:
                found |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant) if _is_sentence(one)}
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
            found |= {one.value for one in node.value.elts if isinstance(one, ast.Constant) and _is_sentence(one)}
    return {str(text) for text in found}


def _is_sentence(node: ast.Constant) -> bool:
    return (
        isinstance(node.value, str)
        and node.value[:1].isupper()
        and not node.value.isupper()
        and "." not in node.value[1:-1]
    )


@pytest.mark.parametrize(
    ("amount", "capital"),
    [
        ("0.00", "零元整"),
        ("0.05", "伍分"),
        ("0.50", "伍角"),
        ("10.00", "壹拾元整"),
        ("110.00", "壹佰壹拾元整"),
        ("1005.05", "壹仟零伍元零伍分"),
        ("1010.00", "壹仟零壹拾元整"),
        ("10000.01", "壹万元零壹分"),
        ("-12.30", "负壹拾贰元叁角"),
        ("100000001.00", "壹亿零壹元整"),
        ("123456789.01", "壹亿贰仟叁佰肆拾伍万陆仟柒佰捌拾玖元零壹分"),
        ("437045.554", "肆拾叁万柒仟零肆拾伍元伍角伍分"),
        ("0.005", "壹分"),
    ],
)
def test_capital_amounts(amount: str, capital: str) -> None:
    """As 支付结算办法 writes them; rounded half up to fen."""
    assert capital_amount(amount) == capital


@given(st.integers(min_value=0, max_value=10**13))
def test_capital_amount_reads_back(fen: int) -> None:
    """The characters mean the amount they stand for."""
    whole, part = divmod(fen, 100)
    text = capital_amount(f"{Decimal(fen).scaleb(-2):f}")
    yuan, _, rest = text.partition("元") if "元" in text else ("零", "", text)
    assert cn2an.cn2an(yuan, "smart") == whole
    digits = "零壹贰叁肆伍陆柒捌玖"
    jiao = next((digits.index(rest[place - 1]) for place, sign in enumerate(rest) if sign == "角"), 0)
    last = next((digits.index(rest[place - 1]) for place, sign in enumerate(rest) if sign == "分"), 0)
    assert jiao * 10 + last == part


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=2, allow_nan=False), st.sampled_from(["en", "zh"]))
def test_amounts_are_written_as_babel_writes_them(amount: Decimal, language: str) -> None:
    """The fast form is the locale's form."""
    assert amount_text(amount, language) == format_decimal(amount, format="#,##0.00", locale=LOCALES[language])


@given(st.text(alphabet=st.sampled_from("abc漢X-/ 12"), max_size=120))
def test_break_places_change_nothing_visible(text: str) -> None:
    """Only zero-width spaces are added, and no run is longer than sixteen signs."""
    broken = breakable(text)
    assert broken.replace("\u200b", "") == text
    assert all(len(run) <= 16 for word in broken.split(" ") for run in word.split("\u200b"))


def test_digits_are_as_wide_as_each_other() -> None:
    """Columns of figures line up."""
    assert len({text_width(digit, 8) for digit in "0123456789"}) == 1
    assert text_width("12,345.67", 8) == pytest.approx(7 * 4.44 + 2 * 2.224)


def test_the_font_holds_gbk() -> None:
    """All of GBK but one: U+2252 ≒ is in no weight of Noto Sans SC."""
    characters = {chr(code) for code in range(0x80, 0x10000) if _in_gbk(chr(code))}
    assert {sign for sign in characters - drawable_characters() if sign.isprintable()} == {"≒"}


def _in_gbk(sign: str) -> bool:
    try:
        return bool(sign.encode("gbk"))
    except UnicodeEncodeError:
        return False
