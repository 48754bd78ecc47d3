from __future__ import annotations

import ast
import types
from pathlib import Path

import imageproc.deployment


def test_all_is_sorted_and_names_what_there_is() -> None:
    public = {
        name
        for name, value in vars(imageproc.deployment).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert imageproc.deployment.__all__ == sorted(public)


def test_the_deployment_knows_neither_the_local_aws_nor_those_who_use_it() -> None:
    folder = Path(imageproc.deployment.__file__).parent
    imported = {
        module
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for module in _modules(node)
    }

    assert "botocore.exceptions" in imported
    for forbidden in ("local", "client", "widgets", "cli", "functions"):
        assert not [each for each in imported if each.startswith(f"imageproc.{forbidden}")]


def test_each_stage_uses_those_before_it_alone() -> None:
    folder = Path(imageproc.deployment.__file__).parent
    stages = ["template", "packaging", "artifacts", "stack", "inventory", "plan", "apply", "sweep"]
    parts = {path.stem for path in folder.iterdir() if not path.stem.startswith("_")}
    assert parts == {*stages, "events", "export"}
    for path in folder.rglob("*.py"):
        stage = path.relative_to(folder).parts[0].removesuffix(".py")
        if stage in stages:
            later = stages[stages.index(stage) + 1 :]
            imports = [node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.If)]
            names = [name for node in imports for name in _modules(node)]
            forbidden = tuple(f"imageproc.deployment.{one}" for one in later)
            assert not [name for name in names if name.startswith(forbidden)], path.name


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return []
