"""The keys that a local AWS uses, and the files that they must not be in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import psutil

from imageproc.local import LocalStatus

_VARIABLES = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def keys_in_use(status: LocalStatus) -> set[str]:
    """Return the administrator's secret, and the secrets and tokens of the functions that run now."""
    assert status.credentials is not None
    found = {status.credentials.secret_access_key}
    for process in psutil.Process(status.pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            environment = process.environ()
            found |= {environment[name] for name in _VARIABLES if name in environment}
    return found


def holding(folder: Path, keys: set[str], *patterns: str) -> Iterator[Path]:
    """Yield the files below a folder whose names match and that hold one of the keys."""
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and any(key.encode() in path.read_bytes() for key in keys):
                yield path
