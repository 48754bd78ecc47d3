"""What users may rely on, case by case, and the tests that show each: both tables have the same cases."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMISES = (ROOT / "docs" / "explanation" / "reliability.md").read_text()
PAGE = (ROOT / "docs" / "explanation" / "reliability-tests.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROW = re.compile(r"^\| (?!case|---)(.*) \|$", re.M)


def functions(path: Path) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_every_named_test_exists() -> None:
    assert NAMED
    assert [f"{path}::{name}" for path, name in NAMED if name not in functions(ROOT / path)] == []


def cases(page: str) -> list[str]:
    _, _, tables = page.partition("\n## ")
    return [row.partition(" | ")[0] for row in ROW.findall(tables)]


def test_each_case_that_is_promised_has_its_evidence() -> None:
    shown = cases(PAGE)
    shown.remove("a function calls AWS where it did not")  # is no user's case
    assert cases(PROMISES) == shown


def test_every_row_names_a_test() -> None:
    rows = ROW.findall(PAGE)
    assert len(rows) > 20
    assert [row for row in rows if "`tests/" not in row.rpartition("|")[2]] == []


def test_the_promises_name_no_test() -> None:
    security = (ROOT / "docs" / "explanation" / "security.md").read_text()
    assert "tests/" not in PROMISES + security
    assert all("| you may rely on |" in page for page in (PROMISES, security))


def test_every_test_of_reliability_is_in_the_table() -> None:
    folder = Path(__file__).parent
    written = {
        name
        for path in folder.glob("test_*.py")
        for name in functions(path)
        if name.startswith("test_") and path != Path(__file__)
    }
    assert written - {name for _, name in NAMED} == {
        # They say that the tests themselves work, or what another row says already.
        "test_a_handler_that_does_not_name_its_rejection_is_found",
        "test_after_all_of_it_the_photo_can_be_finished",
        "test_metadata_never_rejects_what_gets_a_thumbnail",
        "test_the_client_calls_what_is_listed",
    }
