"""The shape of the repository: what every file and folder keeps to."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 50

# A folder of one of these names would hide a module of the standard library or split the tests
# into packages that pytest cannot tell apart.
NO_PACKAGES = ("operator", "engine", "web")

# Assembled, so that this file does not contain what it forbids.
MACHINE_PATHS = tuple("/".join(("", *parts)) + "/" for parts in (("work",), ("root",), ("home",)))
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted", "org"),
        ("proxy", "golang", "org"),
        ("sum", "golang", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
    )
)


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout
    return tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield relative(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def is_no_package(folder: Path) -> bool:
    """Tell whether a folder holds no package on purpose: dev itself, and what goes into an image."""
    return folder == ROOT / "dev" or (folder / "Dockerfile").exists()


def rest(path: Path, *, allowed: bool) -> list[ast.stmt]:
    """Give what an `__init__.py` holds besides its docstring and, where allowed, re-exports."""
    return [found for found in tree(path).body[1:] if not (allowed and is_re_export(found))]


def is_re_export(statement: ast.stmt) -> bool:
    """Tell whether a statement only names something of the package for others: `x as x`.

    Development tools may do that; the packages of the product have no names of their own.
    """
    return isinstance(statement, ast.ImportFrom) and all(
        name.asname == name.name for name in statement.names
    )


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
            start = (first.end_lineno or node.lineno) if documented else node.lineno
            yield f"{relative(path)}:{node.name}", (node.end_lineno or start) - start + 1


def test_there_is_something_to_look_at() -> None:
    assert len(python_files()) > 50


@pytest.mark.parametrize("folder", NO_PACKAGES)
def test_a_folder_of_packages_is_no_package(folder: str) -> None:
    assert not (ROOT / folder / "__init__.py").exists()


def test_no_folder_of_tests_is_a_package() -> None:
    assert [relative(path) for path in (ROOT / "tests").rglob("__init__.py")] == []


def test_every_package_has_a_docstring_and_nothing_else_in_its_init() -> None:
    packages = [path for path in python_files() if path.name == "__init__.py"]
    wrong = [
        relative(path)
        for path in packages
        if not ast.get_docstring(tree(path))
        or rest(path, allowed=relative(path).startswith("dev/"))
    ]

    assert wrong == []


def test_every_folder_with_modules_is_a_package() -> None:
    homes = ("operator/polyant_operator", "engine/polyant_engine", "web/polyant_web", "dev/")
    folders = {path.parent for path in python_files() if relative(path).startswith(homes)}
    missing = [folder for folder in folders if not (folder / "__init__.py").exists()]

    assert [relative(folder) for folder in missing if not is_no_package(folder)] == []


def test_every_module_explains_itself() -> None:
    sources = [path for path in python_files() if not relative(path).startswith("tests/")]
    missing = [path for path in sources if not ast.get_docstring(tree(path))]

    assert [relative(path) for path in missing] == []


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {relative(path): path.read_text().count("\n") for path in python_files()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = dict(item for path in python_files() for item in functions(path))

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


def test_no_file_is_a_drawer_for_everything() -> None:
    drawers = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py"}

    assert [relative(path) for path in python_files() if path.name in drawers] == []


def test_no_import_is_relative() -> None:
    wrong = [
        relative(path)
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert wrong == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    pattern = re.compile(
        "|".join(rf"(?<![\w.:/$}}-]){re.escape(path)}\w" for path in MACHINE_PATHS)
    )

    assert [
        f"{name}: {found[0]}" for name, text in texts() if (found := pattern.search(text))
    ] == []


def test_no_file_names_a_package_registry() -> None:
    pattern = re.compile("|".join(map(re.escape, REGISTRY_HOSTS)))

    assert [
        f"{name}: {found[0]}" for name, text in texts() if (found := pattern.search(text))
    ] == []


def test_no_binary_is_tracked() -> None:
    allowed = {".png", ".ico", ".woff2"}
    binary = [path for path in tracked() if b"\0" in path.read_bytes()[:8000]]

    assert [relative(path) for path in binary if path.suffix not in allowed] == []
