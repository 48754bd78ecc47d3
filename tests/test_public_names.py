"""What the package offers by name, and the one tree of its errors."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import imageproc
from imageproc import errors

PACKAGE = Path(imageproc.__file__).parent


def test_public_names_are_sorted_and_are_all_there() -> None:
    assert sorted(imageproc.__all__) == imageproc.__all__
    for name in imageproc.__all__:
        assert getattr(imageproc, name) is not None


def test_type_checkers_are_told_the_same_names() -> None:
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    told = {
        (node.module, alias.asname)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == {(f"imageproc.{module}", name) for name, module in vars(imageproc)["_HOME"].items()}


def test_a_name_that_is_not_offered_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Workbnech'"):
        getattr(imageproc, "Workbnech")  # noqa: B009 - asking is the point


def drawn(docstring: str) -> dict[str, str]:
    """Return each class of the drawn tree with the one that it hangs below."""
    found: dict[str, str] = {}
    above: dict[int, str] = {}
    for depth, name in re.findall(r"^ {4}([ │├└─]*)([A-Z]\w+)", docstring, re.M):
        level = len(depth) // 4
        above[level] = name
        if level:
            found[name] = above[level - 1]
    return found


def test_the_drawn_tree_of_errors_is_the_real_one() -> None:
    real = {
        name: kind.__bases__[0].__name__
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.ImageprocError) and name != "ImageprocError"
    }
    assert drawn(errors.__doc__ or "") == real


TWICE = ["HttpAnswer"]
"""The gateway's protocol, and the adapter's class that has it."""

NOT_FOR_PEOPLE = {"errors.py", "local/runtime.py", "local/recognition/errors.py"}
"""The tree itself; and what programs answer each other by AWS's names: the Runtime API, DetectLabels."""


def test_every_error_of_the_package_is_in_the_tree() -> None:
    """An error elsewhere would reach a person as a traceback."""
    elsewhere = [
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        if str(path.relative_to(PACKAGE)) not in NOT_FOR_PEOPLE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef)
        if node.name.endswith(("Error", "Exception")) and node.name not in {"StepError", "_DisconnectedError"}
    ]
    assert elsewhere == []


def test_no_two_classes_have_one_name() -> None:
    names = [
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    assert sorted({name for name in names if names.count(name) > 1}) == TWICE


def test_no_error_has_a_name_of_botocores() -> None:
    theirs = {name for name, kind in vars(importlib.import_module("botocore.exceptions")).items()}
    assert {name for name in vars(errors) if name.endswith("Error")} & theirs == set()


@pytest.mark.parametrize("fix", ["", "Do this."])
def test_an_error_has_a_cause_and_a_fix(fix: str) -> None:
    error = errors.UploadError("It is broken.", fix)
    assert (error.cause, error.fix) == ("It is broken.", fix)
    assert str(error) == f"It is broken. {fix}".rstrip()
