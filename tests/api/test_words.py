"""Every sentence that a page can show has its Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from api import labels
from api.labels import page_words
from words.catalog import chinese

API = Path(labels.__file__).parent
SERVICES = API.parent / "services"
OWN_SERVICES = (
    "sign_in", "sign_out", "set_up_authenticator", "choose_language", "edit_contact", "discard_row", "close_task",
)  # fmt: skip
CALL = re.compile(r"""_\(\s*(?:"((?:[^"\\]|\\.)+)"|'((?:[^'\\]|\\.)+)')""")
LISTED = re.compile(r"""\("[^"]*", "([^"]+)"\)""")
SAME_IN_CHINESE = {"PDF", "XLSX", "JSON", "Prefect", "Tieout"}


def _of_templates() -> Iterator[tuple[str, str]]:
    for path in sorted((API / "templates").glob("*.html")):
        text = path.read_text()
        for found in CALL.finditer(text):
            yield path.name, found.group(1) or found.group(2)
        for found in LISTED.finditer(text):
            yield path.name, found.group(1)


def _of_labels() -> Iterator[tuple[str, str]]:
    for name, value in vars(labels).items():
        if name.isupper() and isinstance(value, dict) and name != "FILTERS":
            for sentence in value.values():
                yield f"labels.{name}", sentence


def _of_python() -> Iterator[tuple[str, str]]:
    paths = [*sorted(API.rglob("*.py")), *(SERVICES / f"{name}.py" for name in OWN_SERVICES)]
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "translate" and node.args:
                first = node.args[0]
                for literal in (first.body, first.orelse) if isinstance(first, ast.IfExp) else (first,):
                    if isinstance(literal, ast.Constant) and isinstance(literal.value, str):
                        yield path.name, literal.value
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("sentence", "remedy"):
                value = node.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
                    yield path.name, value.value


def sentences() -> dict[str, str]:
    """Every sentence and one place where it stands."""
    return {sentence: place for place, sentence in (*_of_templates(), *_of_labels(), *_of_python())}


def test_every_sentence_has_chinese() -> None:
    """A page in Chinese shows no English."""
    known = chinese()
    missing = {
        sentence: place
        for sentence, place in sentences().items()
        if sentence not in known and sentence not in SAME_IN_CHINESE and re.search("[A-Za-z]{2}", sentence)
    }
    assert not missing


def test_chinese_keeps_the_places() -> None:
    """A translation has exactly the places of its English."""
    changed = {
        sentence
        for sentence in sentences()
        if set(re.findall(r"{(\w+)}", sentence)) != set(re.findall(r"{(\w+)}", page_words(sentence, "zh")))
    }
    assert not changed
