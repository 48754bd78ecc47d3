"""Run the notebooks for the documentation site: `python scripts/site_notebooks.py FOLDER`.

They run in order, against a local AWS of their own, which is gone afterwards. If each was run before and
has not changed since, they are kept: delete the folder to run them again. With `--not-run`, those that would
have to run are copied as they are: enough to check the pages, in seconds.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from imageproc import resources
from imageproc.local import LocalAws
from imageproc.local.faults import SWITCH

_GIVEN = {"07_clean_up": ["-p", "confirm", "imageproc"]}
"""Parameters: the stack's name, to remove it without being asked."""

_SOLVED = ["-p", "solutions", "true"]
"""Of the labs."""

_COMMAND = Path(sys.executable).with_name("imageproc")

_INDEX = """# Notebooks

The notebooks as they ran when this site was built, with the sample photos: each shows its panels' last
state; and the five labs with their solutions. Open them yourself with `imageproc lab`.

```{toctree}
:maxdepth: 1

"""


def main(folder: Path, run: bool = True) -> None:
    """Run what is not there as it is now, or copy it."""
    found = resources.folder("notebooks")
    notebooks = [*sorted(found.glob("0*.ipynb")), *sorted(found.glob("lab_*.ipynb"))]
    names = [path.stem for path in notebooks]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text(_INDEX + "\n".join(names) + "\n```\n")
    older = [path for path in notebooks if _is_older(folder / path.name, path)]
    if run and older:
        _run(names, folder)
    elif older:
        _copy(older, folder)


def _is_older(executed: Path, source: Path) -> bool:
    return not executed.exists() or executed.stat().st_mtime < source.stat().st_mtime


def _copy(notebooks: list[Path], folder: Path) -> None:
    for path in notebooks:
        copy = Path(shutil.copyfile(path, folder / path.name))
        os.utime(copy, (0, 0))  # older than its source: the next site runs it


def _given(name: str) -> list[str]:
    return _SOLVED if name.startswith("lab_") else _GIVEN.get(name, [])


def _run(names: list[str], folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="imageproc-site-") as state:
        own = {"IMAGEPROC_STATE_DIR": state, "IMAGEPROC_USER": "ann", SWITCH: "on"}
        environment = {**os.environ, **own}
        try:
            for name in names:
                command = [str(_COMMAND), "run", name, *_given(name)]
                command += ["--timeout", "300", "--output", str(folder / f"{name}.ipynb")]
                subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
        finally:
            LocalAws(Path(state)).reset()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--not-run", action="store_true", help="copy what would have to run")
    arguments = parser.parse_args()
    main(arguments.folder, run=not arguments.not_run)
