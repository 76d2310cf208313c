"""The statement's PDF: what it says in each form and language, and that it is archivable, accessible and repeatable."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from io import BytesIO
from typing import Any

import pikepdf
import pypdf
import pytest

from ledger.canonical import canonical_json
from reports.statement_pdf import CharacterNotDrawable, qr_svg, render_pdf
from reports.statement_view import view_of
from tests.reports.readers import pdf_pages, pdf_text
from tests.support import statement_samples as samples
from tests.support.golden import assert_golden
from words.figures import amount_text

LINK = "https://accounts.example/s/Zk3v8Q1aXbC9dE7fGh2jKm4nPq6rSt8u"

SAMPLES = {
    "english_open_items": samples.english_open_items,
    "chinese_group": samples.chinese_group,
    "japanese_balance_forward": samples.japanese_balance_forward,
    "detailed": samples.detailed,
    "nothing_to_show": samples.nothing_to_show,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", SAMPLES)
def test_golden_text(pytestconfig: pytest.Config, name: str, language: str) -> None:
    """The words and figures of every form in both languages."""
    text = pdf_text(render_pdf(SAMPLES[name](), language, LINK))
    assert_golden(pytestconfig, f"reports/{name}-{language}.pdf.txt", text)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_figure_of_the_content_is_on_the_page(name: str) -> None:
    """Nothing is left out and nothing is rounded."""
    content = SAMPLES[name]()
    text = pdf_text(render_pdf(content, "en", None)).replace("\u200b", "")
    wanted = {content[key] for key in ("opening", "debits", "credits", "closing")}
    wanted |= {line["amount"] for line in [*content["lines"], *content["unapplied"]["lines"]]}
    wanted |= {bucket["amount"] for bucket in content["aging"]}
    missing = {amount for amount in wanted if amount_text(amount, "en") not in text}
    assert not missing
    assert all(line["number"] in text for line in content["lines"])


def test_archivable_and_accessible() -> None:
    """PDF/A-3a and PDF/UA-1 in the metadata, a language, a title, a structure tree."""
    with pikepdf.open(BytesIO(render_pdf(samples.chinese_group(), "zh", LINK))) as document:
        with document.open_metadata() as metadata:
            assert metadata["pdfaid:part"] == "3"
            assert metadata["pdfaid:conformance"] == "A"
            assert metadata["pdfuaid:part"] == "1"
            assert "2026-06/C00123/CNY/v2" in str(metadata["dc:title"])
        root = document.Root
        assert str(root.Lang).startswith("zh")
        assert root.MarkInfo.Marked
        assert "/StructTreeRoot" in root
        assert root.ViewerPreferences.DisplayDocTitle


def test_embedded_figures_are_the_content() -> None:
    """The attachment parses back to the content, and its hash is the one in the footer."""
    content = samples.english_open_items()
    document = render_pdf(content, "en", LINK)
    attached = pypdf.PdfReader(BytesIO(document)).attachments["statement.json"][0]
    assert json.loads(attached) == content
    assert hashlib.sha256(attached).hexdigest() in pdf_text(document)
    with pikepdf.open(BytesIO(document)) as opened:
        assert opened.Root.AF[0].AFRelationship == "/Data"


def test_equal_content_gives_equal_bytes() -> None:
    """In another thread, later, and after other documents."""
    first = render_pdf(samples.english_open_items(), "en", LINK)
    render_pdf(samples.chinese_group(), "zh", LINK)
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda _: render_pdf(samples.english_open_items(), "en", LINK), range(4)))
    assert all(other == first for other in others)


def test_a_missing_character_is_refused_by_name() -> None:
    """𠮷 is in no font of ours: who wrote it where is said, in the reader's language."""
    content = samples.chinese_group()
    content["customer"]["name"] = "𠮷野家餐饮有限公司"
    with pytest.raises(CharacterNotDrawable) as refused:
        render_pdf(content, "zh")
    assert "C00123" in refused.value.text("zh")
    assert "𠮷 (U+20BB7)" in refused.value.text("zh")
    content = samples.english_open_items()
    content["lines"][3]["description"] = "สวัสดี"
    with pytest.raises(CharacterNotDrawable, match="line 4"):
        render_pdf(content, "en")


@pytest.mark.parametrize(
    "name", ["喆堃昇㛃䶮", "Łódź Győr Iași Ğ İstanbul Ø ß", "Ωμέγα Москва", "e\u0301clair", "株式会社さくら"]
)
def test_names_of_our_customers_can_be_drawn(name: str) -> None:
    """GBK, rare characters of names, Latin beyond Western Europe, Greek, Cyrillic, kana, composed accents."""
    content = samples.nothing_to_show()
    content["customer"]["name"] = name
    assert render_pdf(content, "en")


def test_control_and_direction_marks_are_left_out() -> None:
    """A line break or a right-to-left override in a name does not reach the page."""
    content = samples.english_open_items()
    content["customer"]["name"] = "Evil\u202e gpj.exe\nLtd\x00"
    assert "Evil gpj.exe Ltd" in pdf_text(render_pdf(content, "en"))


@pytest.mark.parametrize("form", ["OPEN_ITEM", "BALANCE_FORWARD"])
def test_seven_hundred_lines_carry_their_balance_from_page_to_page(form: str) -> None:
    """What a page carries forward is what the next brings forward, and all lines are there."""
    content = samples.many_lines(700, "en", form)
    pages = pdf_pages(render_pdf(content, "en", LINK))
    assert len(pages) > 10
    carried = [_after(page, "Carried forward") for page in pages if "Carried forward" in page]
    brought = [_after(page, "Brought forward") for page in pages if "Brought forward" in page]
    assert carried == brought
    assert len(carried) >= 10
    running, sums = Decimal(0), set()
    for line in content["lines"]:
        running += Decimal(line["amount"])
        sums.add(running)
    assert set(carried) <= sums
    assert carried == sorted(carried)
    whole = "".join(pages)
    assert all(line["number"] in whole for line in content["lines"])


def test_long_words_break_inside_their_column() -> None:
    """A number without spaces wraps instead of running into its neighbour."""
    content = samples.english_open_items()
    content["lines"][0]["number"] = "X" * 90
    content["lines"][1]["description"] = "Y" * 300
    content["customer"]["name"] = "An Exceedingly Long Company Name " * 8
    pages = pypdf.PdfReader(BytesIO(render_pdf(content, "en", LINK))).pages
    assert "X" * 90 in "".join(page.extract_text() for page in pages).replace("\u200b", "").replace("\n", "")


def test_capital_amount_only_for_yuan() -> None:
    """人民币大写 stands on a CNY statement in either language, and on no other."""
    assert "肆拾叁万柒仟零肆拾伍元伍角伍分" in pdf_text(render_pdf(samples.chinese_group(), "en"))
    assert view_of(samples.english_open_items(), "zh", None)["capital"] is None


def test_a_check_that_fails_is_shown_with_both_sides() -> None:
    """A failed equation is a table of its own, never a note."""
    content = samples.english_open_items()
    content["checks"][1] |= {"right": "14798.04", "difference": "0.01", "ties": False}
    text = pdf_text(render_pdf(content, "en"))
    assert "does not tie" in text
    assert "14,798.04" in text


def test_qr_code_has_a_quiet_zone() -> None:
    """Four light modules around the code."""
    svg = qr_svg(LINK)
    assert 'viewBox="0 0 41 41"' in svg
    assert svg.count("M4,") > 0
    assert "M0," not in svg


def test_the_long_document_is_drawn_in_a_process_that_ends() -> None:
    """A long document leaves this process's memory alone and gives the same bytes twice."""
    content = samples.many_lines(200)
    assert render_pdf(content, "en", LINK) == render_pdf(content, "en", LINK)


def test_view_json_has_no_floats_of_money() -> None:
    """Every amount on the page is the content's own text."""
    content = samples.english_open_items()
    view: dict[str, Any] = view_of(content, "en", None)
    assert all(isinstance(cell, str) for table in view["tables"] for row in table["rows"] for cell in row["cells"])
    assert view["digest"] == hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _after(page: str, words: str) -> Decimal:
    return Decimal(page.partition(words)[2].split()[0].replace(",", ""))
