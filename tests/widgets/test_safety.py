"""Photos, names and labels are hostile: nothing of them can become an element or a script."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imageproc.widgets
from imageproc.presentation.markup import table
from imageproc.widgets import Cell, DataTable

FOLDER = Path(imageproc.widgets.__file__).parent
ROOT = FOLDER.parents[1]

HOSTILE = st.text() | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg onload=alert(1)>',
        "</td></table><h1>",
        "javascript:alert(1)",
        "&lt;b&gt;",
        "{0.__class__}",
    ]
)


class Tags(HTMLParser):
    """Collects the elements and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(str(page))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(st.tuples(HOSTILE, HOSTILE), max_size=4), HOSTILE)
def test_a_table_has_the_elements_of_a_table_and_nothing_else(
    rows: list[tuple[str, str]], caption: str
) -> None:
    page = Tags(table(["a", "b"], rows, caption))
    assert {tag for tag, _ in page.found} <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert len([tag for tag, _ in page.found if tag == "td"]) == 2 * len(rows)
    assert {name for _, attributes in page.found for name, _ in attributes} <= {"scope", "style"}


def test_a_hostile_text_is_shown_as_it_is() -> None:
    shown = DataTable(["name"], [["<img src=x onerror=alert(1)>"], [Cell("<b>{0}</b>")]]).static()
    assert Tags(shown).text.endswith("<img src=x onerror=alert(1)><b>{0}</b>")


def sources() -> list[Path]:
    return sorted(FOLDER.rglob("*.js"))


@pytest.mark.parametrize("path", sources(), ids=lambda path: path.name)
def test_scripts_have_no_way_to_make_elements_from_text(path: Path) -> None:
    forbidden = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser"
    )
    assert re.findall(forbidden, path.read_text()) == []


def _calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func
            yield name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "")


@pytest.mark.parametrize("path", sorted((ROOT / "imageproc").rglob("*.py")), ids=lambda path: path.stem)
def test_python_shows_no_text_as_html_outside_the_one_place(path: Path) -> None:
    """`HTML`, `HTMLMath`, `Markdown` and `Output` ran scripts from their texts."""
    used = set(_calls(ast.parse(path.read_text())))
    assert used & {"HTML", "HTMLMath", "Markdown", "Output"} == set()


@pytest.mark.parametrize("path", sorted((ROOT / "imageproc").rglob("*.py")), ids=lambda path: path.stem)
def test_markup_is_made_of_constants_only(path: Path) -> None:
    """`Markup(text)` takes a text as safe: only a constant of the source may be."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    made = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Markup"]
    assert [ast.dump(call.args[0]) for call in made if call.args and not _constant(call.args[0])] == []


def _constant(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)
