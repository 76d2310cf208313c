"""The house keeps its own rules: floors, packaging, the style budget, and no word that may not be committed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

import pytest
from grimp import build_graph

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "ledger", "words", "matching", "statements", "approvals", "storage", "notifications",
    "reports", "connectors", "services", "api", "flows", "console",
)  # fmt: skip
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 70
MAX_BROAD_EXCEPTS = 5


def _tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [ROOT / name for name in listed.splitlines() if name.endswith(suffixes) and (ROOT / name).exists()]


def _house_files() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_room_is_packaged_and_has_a_floor() -> None:
    """A folder with code is a room, is in the wheel, and stands in the layers."""
    text = (ROOT / "pyproject.toml").read_text()
    layers = text.split("layers = [")[1].split("]")[0]
    packages = text.split("packages = [")[1].split("]")[0]
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "scripts", "assets"}
    assert folders == set(ROOMS)
    for room in ROOMS:
        assert f'"{room}"' in packages
        assert room in layers


def test_no_room_shares_its_name_with_an_installed_distribution() -> None:
    """A room that shadows a library would break one of the two."""
    taken = {
        file.parts[0].removesuffix(".py")
        for distribution in distributions()
        if distribution.metadata["Name"] != "tieout"
        for file in distribution.files or []
    }
    assert not taken & set(ROOMS)
    assert not set(ROOMS) & sys.stdlib_module_names


def test_no_module_is_named_like_the_standard_library() -> None:
    """`import calendar` must mean what the reader thinks; ours is reached only as `ledger.calendar`."""
    own = {path.stem for path in _house_files() if path.stem != "__init__"}
    assert own & sys.stdlib_module_names <= set()


def test_imports_have_no_cycle() -> None:
    """No module reaches itself through others."""
    graph = build_graph(*ROOMS)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            chain = graph.find_shortest_chain(imported, module)
            assert chain is None, f"import cycle: {chain}"


@pytest.mark.parametrize("path", _house_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_style_budget(path: Path) -> None:
    """Files ≤ 600 lines, functions ≤ 70, a docstring for each module, no import inside a function."""
    source = path.read_text()
    tree = ast.parse(source)
    assert ast.get_docstring(tree), "a module says what it is for"
    assert len(source.splitlines()) <= MAX_FILE_LINES
    for function in _functions(tree):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        assert length <= MAX_FUNCTION_LINES, f"{function.name} has {length} lines"
        for node in ast.walk(function):
            assert not isinstance(node, ast.Import | ast.ImportFrom), f"{function.name} imports inside"


def test_room_docstrings_are_short() -> None:
    """Each room's `__init__.py` says what it is for in at most eight lines."""
    for room in ROOMS:
        docstring = ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text())) or ""
        assert 0 < len(docstring.splitlines()) <= 8


def test_broad_excepts_stand_only_at_process_edges() -> None:
    """Five in the whole house."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _house_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    assert len(found) <= MAX_BROAD_EXCEPTS, found


def test_nothing_from_outside_is_committed() -> None:
    """No package's script or font, no registry address, no path of a machine."""
    names = [str(path.relative_to(ROOT)) for path in _tracked("")]
    assert not [name for name in names if name.endswith((".ttf", ".otf", ".woff2", ".min.js", ".min.css", ".whl"))]
    for path in _tracked("requirements.txt", "package-lock.json", "package.json", "pyproject.toml"):
        assert "resolved" not in path.read_text()
        assert "://" not in path.read_text().replace("https://slack.com/api/", "")


def test_every_entry_point_exists() -> None:
    """The wheel's command points at a function that is there."""
    target = (ROOT / "pyproject.toml").read_text().split('tieout = "')[1].split('"')[0]
    module, _, name = target.partition(":")
    tree = ast.parse((ROOT / (module.replace(".", "/") + ".py")).read_text())
    assert name in {function.name for function in _functions(tree)}
