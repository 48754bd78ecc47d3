"""The names that the pages give are those of the code."""

from __future__ import annotations

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("", "docs", "docs/tutorial", "docs/how-to", "docs/reference", "docs/explanation")
"""Where pages are. What `make docs` generates is not among them."""
PAGES = sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))
_PATH = re.compile(
    r"(?<![\w./~-])((?:imageproc|cloudformation|tests|docs|notebooks|requirements|jupyter)/[\w./-]*\w)"
)
_DOTTED = re.compile(r"`imageproc((?:\.\w+)+)")
_LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
_CREATED = re.compile(r"^New file `([^`]+)`:", re.M)
"""What a page has its reader make."""
_BARE = re.compile(r"`(\w+\.(?:py|json|yaml|md))`")
_NAMED = re.compile(r"`(\w+)` in\s+(?:\*\*)?`(imageproc/[\w./]+\.py)`")


def text_of(page: str) -> str:
    return (ROOT / page).read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_is_named_exists(page: str) -> None:
    text = text_of(page)
    created = set(_CREATED.findall(text))
    missing = {path for path in _PATH.findall(text) if not (ROOT / path).exists()}
    assert missing - created == set()
    linked = [path for path in _LINK.findall(text) if not (ROOT / page).parent.joinpath(path).exists()]
    assert linked == []


@pytest.mark.parametrize("page", ["docs/explanation/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_without_its_folder_exists(page: str) -> None:
    bare = {name for name in _BARE.findall(text_of(page)) if not list((ROOT / "imageproc").rglob(name))}
    assert {name for name in bare if not list(ROOT.glob(f"*/{name}")) and not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_module_and_name_of_the_package_exists(page: str) -> None:
    for dotted in _DOTTED.findall(text_of(page)):
        found = import_module("imageproc")
        for name in dotted[1:].split("."):
            if not hasattr(found, name):
                import_module(f"{found.__name__}.{name}")
            found = getattr(found, name)


def test_every_function_that_is_named_with_its_file_is_there() -> None:
    found = _NAMED.findall((ROOT / "docs/explanation/architecture.md").read_text())
    assert len(found) > 5
    for name, path in found:
        defined = {
            node.name
            for node in ast.walk(ast.parse((ROOT / path).read_text()))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        }
        assert name in defined, f"{name} is not in {path}"


def test_every_room_is_on_the_page() -> None:
    text = (ROOT / "docs/explanation/architecture.md").read_text()
    rooms = {path.name for path in (ROOT / "imageproc").iterdir() if (path / "__init__.py").exists()}
    assert rooms == set(re.findall(r"^  (\w+)/ ", text, re.M))


def test_the_glossary_uses_no_word_for_two_things() -> None:
    rows = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs/reference/glossary.md").read_text(), re.M)[2:]
    words = [word.strip() for row in rows for word in row.split(",")]
    assert len(words) == len(set(words)) > 30


def test_the_readme_is_short_and_its_pictures_are_there_and_small() -> None:
    readme = text_of("README.md")
    assert len(readme.splitlines()) <= 150
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", readme)
    assert pictures
    assert all((ROOT / one).stat().st_size < 300_000 for one in pictures)


def test_the_readme_names_the_notebooks_in_order() -> None:
    text = (ROOT / "README.md").read_text()
    first, last, names = re.findall(r"opens the first of the notebooks (\d\d) to (\d\d): ([^;]+);", text)[0]
    there = sorted(path.stem for path in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    listed = [name.replace(" ", "_") for name in " ".join(names.split()).split(", ")]
    assert [f"{number:02}_{name}" for number, name in enumerate(listed, int(first))] == there
    assert there[-1].startswith(last)
