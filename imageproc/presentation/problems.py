"""Errors in a notebook's cell: the cause in one line, what to do about it, and the traceback in a fold."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from imageproc.errors import ImageprocError, StackMissingError
from imageproc.presentation.markup import Markup

_MOST = 20_000
"""Characters of a traceback that are kept."""
_DEPLOY = "01_deploy.ipynb"
"""The notebook that deploys, if it is beside the one that fails."""


def explain_errors() -> None:
    """Have IPython show this package's errors in this way from now on; without IPython, nothing happens."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        shell.set_custom_exc((ImageprocError,), _explain)


def _explain(
    shell: Any,
    kind: type[ImageprocError],
    error: ImageprocError,
    trace: TracebackType | None,
    tb_offset: int | None = None,  # noqa: ARG001 - IPython's signature
) -> list[str]:
    """Show an error, as IPython asks its handlers to, and return the lines in place of the traceback."""
    from IPython.display import publish_display_data  # here: what has no IPython does not load it

    cause = "There is no stack yet." if isinstance(error, StackMissingError) else error.cause
    lines = [f"{kind.__name__}: {cause}"]
    error._render_traceback_ = lambda: lines  # type: ignore[attr-defined]  # IPython's protocol
    shell.showtraceback((kind, error, trace))
    whole = "".join(traceback.format_exception(kind, error, trace))[-_MOST:]
    publish_display_data({"text/html": str(explanation(error, whole)), "text/plain": error.fix})
    return lines


def explanation(error: ImageprocError, whole: str) -> Markup:
    """Return what to do about an error, and the whole of its traceback in a fold."""
    fix = Markup("{}").format(error.fix)
    if isinstance(error, StackMissingError) and Path(_DEPLOY).exists():
        fix = Markup('Open <a href="{}">1. Deploy</a>, and run it.').format(_DEPLOY)
    fold = Markup("<details><summary>Details</summary><pre>{}</pre></details>").format(whole)
    return (Markup("<p>{}</p>").format(fix) if fix else Markup("")) + fold
