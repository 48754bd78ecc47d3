"""Imports point one way, so that following a photo through the files needs no turning back."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import imageproc

PACKAGE = Path(imageproc.__file__).parent

# Each folder, and the other folders (or single modules) that it may import from.
MAY_IMPORT = {
    "core": set[str](),
    "aws": {"core"},
    "functions": {"core", "aws"},
    "local": {"core", "folders"},
    "deployment": {"core", "aws", "presentation", "resources"},
    "costs": {"core", "presentation", "resources"},
    "catalog": {"core", "aws"},
    "datasets": {"core"},
    "client": {
        *("core", "aws", "catalog", "costs", "datasets", "deployment", "folders", "local", "presentation"),
    },
    "presentation": {"core"},
    "widgets": {"core", "costs", "deployment", "client", "presentation", "samples", "public"},
    "cli": {
        *(
            "core",
            "costs",
            "deployment",
            "folders",
            "local",
            "client",
            "presentation",
            "widgets",
            "samples",
            "resources",
        ),
        "public",
    },
}
EVERYWHERE = {"errors", "", "__version__"}
STANDARD_LIBRARY = set(sys.stdlib_module_names)


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "imageproc":
                yield from (f"imageproc.{name.name}" for name in node.names)


def folder_of(module: str) -> str:
    """Return the folder of a module; `public` for a name that the package itself offers."""
    name = module.split(".")[1] if module.startswith("imageproc.") else ""
    return "public" if name in imageproc.__all__ and name != "__version__" else name


def test_every_folder_has_its_rule() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(MAY_IMPORT)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_one_way(folder: str) -> None:
    allowed = MAY_IMPORT[folder] | {folder} | EVERYWHERE
    wrong = [(path.name, module) for path in modules(folder) for module in imported(path)]
    assert [(name, module) for name, module in wrong if folder_of(module) not in allowed] == []


@pytest.mark.parametrize(
    ("folder", "libraries"),
    [
        ("core", {"PIL", "piexif", "ai_edge_litert", "numpy"}),
        ("aws", {"boto3", "botocore"}),
        ("functions", {"boto3", "botocore"}),
    ],
)
def test_what_runs_in_lambda_needs_little(folder: str, libraries: set[str]) -> None:
    used = {module.split(".")[0] for path in modules(folder) for module in imported(path)}
    stubs = {name for name in used if name.startswith("types_boto3")}
    assert used - STANDARD_LIBRARY - stubs <= libraries | {"imageproc"}


def test_the_widgets_parts_know_no_aws() -> None:
    used = {module for path in modules("widgets/parts") for module in imported(path)}
    ours = {module for module in used if module.startswith("imageproc.")}
    others = {module for module in ours if not module.startswith("imageproc.widgets.")}
    assert others <= {f"imageproc.presentation.{name}" for name in ("listings", "markup", "text")}
    assert {module for module in ours if module.startswith("imageproc.widgets.panels")} == set()
    assert {module.partition(".")[0] for module in used} & {"boto3", "botocore"} == set()


def test_importing_the_package_imports_nothing_heavy() -> None:
    script = "import sys, imageproc; print(*{'boto3', 'PIL', 'click', 'rich'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""


def test_the_workbench_does_not_wait_for_duckdb() -> None:
    """Most commands ask the catalog nothing, and kernels read no notebooks."""
    script = (
        "import sys, imageproc.client.workbench; from imageproc.widgets import DeployPanel, record; "
        "print(*{'duckdb', 'pandas', 'nbformat'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == ""


def test_close_names_are_found_in_one_place() -> None:
    users = [path.name for path in PACKAGE.rglob("*.py") if "difflib" in imported(path)]
    assert users == ["close_names.py"]


def test_modules_are_small() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {str(path): lines for path, lines in lengths.items() if lines > 400} == {}


RESOURCES = {
    *(
        "Albums",
        "BulkRuns",
        "DeadLetters",
        "Executions",
        "Imports",
        "Logs",
        "Metrics",
        "Photos",
        "Privacy",
        "Stack",
    ),
    *("Uploads", "RecordStore", "SessionClients"),
}
"""What the workbench has; only the client makes them."""


@pytest.mark.parametrize("folder", ["cli", "widgets"])
def test_commands_and_panels_reach_aws_only_through_the_workbench(folder: str) -> None:
    wrong = []
    for path in modules(folder):
        tree = ast.parse(path.read_text())
        wrong += [(path.name, name) for name in imported(path) if name.split(".")[0] in ("boto3", "botocore")]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id in RESOURCES:
                wrong.append((path.name, node.func.id))
            if isinstance(node.func, ast.Attribute) and node.func.attr == "client":
                wrong.append((path.name, ast.unparse(node)))
    assert wrong == []
