"""What libraries in C++ write to standard error, past Python and without a setting that would stop it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STANDARD_ERROR = 2


@contextmanager
def no_native_messages() -> Iterator[None]:
    """Drop what any thread writes to the file descriptor of standard error meanwhile: keep it short."""
    try:
        kept = os.dup(_STANDARD_ERROR)
    except OSError:  # it is closed
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), _STANDARD_ERROR)
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)
