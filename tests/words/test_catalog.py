"""Each English sentence has one Chinese, with the same places to fill, and no refusal speaks one language only."""

import importlib
import pkgutil
import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.test_house import ROOMS
from words.catalog import chinese, language_of, translate
from words.refusal import Refusal

PLACE = re.compile(r"\{[a-z_0-9]*\}")
LOCALE = Path(__file__).resolve().parents[2] / "words" / "locale" / "zh_CN"
HAN = re.compile(r"[\u4e00-\u9fff]")


def _translations() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(LOCALE.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_CN"):
                if message.id:
                    found[str(message.id)].add(str(message.string))
    return found


def _refusals() -> list[type[Refusal]]:
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if not module.name.endswith("__main__") and ".migrations" not in module.name:
                importlib.import_module(module.name)
    waiting, found = [Refusal], []
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found.append(kind)
    return sorted((kind for kind in found if kind.__module__.split(".")[0] in ROOMS), key=lambda kind: kind.__name__)


def test_a_sentence_has_one_chinese() -> None:
    """Two files that differ would make the page speak otherwise than the mail."""
    assert {english: texts for english, texts in _translations().items() if len(texts) > 1} == {}


def test_no_chinese_is_missing_or_lost_a_place() -> None:
    """An empty translation or a dropped {place} shows on no page until it hurts."""
    for english, texts in _translations().items():
        for text in texts:
            assert text, english
            assert sorted(PLACE.findall(text)) == sorted(PLACE.findall(english)), english


@pytest.mark.parametrize("kind", _refusals(), ids=lambda kind: kind.__name__)
def test_every_refusal_speaks_both_languages(kind: type[Refusal]) -> None:
    """Sentence and remedy, word for word from the catalog."""
    for sentence in filter(None, (kind.sentence, kind.remedy)):
        if re.search(r"[a-z]{3}", PLACE.sub("", sentence)):
            assert HAN.search(chinese().get(sentence, "")), sentence


def test_places_are_filled_in_both_languages() -> None:
    """The values stand where each language puts them."""
    sentence = "There is already a company with the code {code}."
    assert translate(sentence, "en", code="X") == "There is already a company with the code X."
    assert "X" in translate(sentence, "zh", code="X") != translate(sentence, "en", code="X")


@pytest.mark.parametrize(
    ("tag", "language"), [("zh-Hans-CN", "zh"), ("ZH", "zh"), ("en-US", "en"), ("de", "en"), (None, "en"), ("", "en")]
)
def test_the_nearest_language(tag: str | None, language: str) -> None:
    """Chinese for whatever begins with zh, English for everybody else."""
    assert language_of(tag) == language
