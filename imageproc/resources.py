"""Files that travel with the package beside its code, and where they are.

In a checkout they are the top-level folders of the same names; a wheel holds copies, which `pyproject.toml`
lists.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Literal

from imageproc.errors import ResourcesMissingError

_IN_WHEEL = "_resources"

Folder = Literal["cloudformation", "jupyter", "notebooks", "requirements"]


def folder(name: Folder) -> Path:
    """Return a folder of such files. Raises ResourcesMissingError."""
    package = Path(str(files("imageproc")))
    for path in (package / _IN_WHEEL / name, package.parent / name):
        if path.is_dir():
            return path
    raise ResourcesMissingError(f"The folder {name} is missing from the installed package.")
