"""Files that are there only when they are whole."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imageproc.errors import DownloadError, InvalidArgumentError


def given_path(path: Path | str) -> Path:
    """Return a path that was given, ~ for the home folder. Raises InvalidArgumentError for what is none."""
    if not isinstance(path, str | os.PathLike):
        raise InvalidArgumentError(f"A path cannot be {path!r}.", "Give a text or a Path.")
    return Path(path).expanduser()


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """Yield a path beside another one, and put there what was written to it; its folder is made if need be.

    A link to a file that waits there is replaced, not followed. Raises DownloadError if the file cannot be
    written, or if a device or a pipe is there, which a file would replace.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise DownloadError(f"{path} is a device or a pipe, not a file.", "Give the name of a file.")
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be written: {error.strerror or error}.", "Choose another folder, or make room."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
