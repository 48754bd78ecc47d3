"""`imageproc notebooks`: copies of the project's notebooks to work in. What a user changed is kept."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Literal

import click

from imageproc import resources
from imageproc.cli.escaping import say

DEFAULT_FOLDER = "imageproc-notebooks"

Outcome = Literal["copied", "kept", "replaced", "unchanged"]


@click.command()
@click.argument("folder", default=DEFAULT_FOLDER, type=click.Path(path_type=Path, file_okay=False))
@click.option("--overwrite", is_flag=True, help="Replace notebooks whose cells you changed, too.")
def notebooks(folder: Path, overwrite: bool) -> None:
    """Copy the project's notebooks to FOLDER, by default ./imageproc-notebooks.

    A notebook there whose cells differ from the project's is kept, and named; --overwrite replaces it. One
    that was only run is left as it is, with its outputs.
    """
    for path, outcome in copy_notebooks(folder, overwrite=overwrite):
        say(_told(path, outcome))


def copy_notebooks(folder: Path, *, overwrite: bool = False) -> list[tuple[Path, Outcome]]:
    """Copy the notebooks to a folder, which is made; return where each is and what was done.

    Raises ClickException if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sources = sorted(resources.folder("notebooks").glob("*.ipynb"))
        return [(folder / one.name, _copy(one, folder / one.name, overwrite=overwrite)) for one in sources]
    except OSError as error:
        raise click.ClickException(
            f"The notebooks cannot be copied to {folder}: {error.strerror}. Name another folder."
        ) from error


def _copy(source: Path, copy: Path, *, overwrite: bool) -> Outcome:
    outcome: Outcome = "copied"
    if copy.exists():
        if _cells(copy) == _cells(source):
            return "unchanged"
        if not overwrite:
            return "kept"
        outcome = "replaced"
    # Contents alone: an installed notebook may be read-only, and a copy must not be.
    shutil.copyfile(source, copy)
    return outcome


def _cells(path: Path) -> Any:
    """Return the cells without what running them adds; anything but a notebook has none."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        return [(cell["cell_type"], "".join(cell["source"])) for cell in read["cells"]]
    except (ValueError, KeyError, TypeError):
        return None


def _told(path: Path, outcome: Outcome) -> str:
    if outcome == "kept":
        return f"{path}: kept, because its cells differ from the project's; --overwrite replaces it"
    return f"{path}: {outcome}"
