"""The keys that a local AWS uses, and the files that they must not be in."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from imageproc.local import LocalStatus


def keys_in_use(status: LocalStatus) -> set[str]:
    """Return the administrator's secret, and the secrets and tokens of the functions that there are."""
    assert status.credentials is not None
    found = {status.credentials.secret_access_key}
    pages = status.session().client("lambda").get_paginator("list_functions").paginate()
    for function in (one for page in pages for one in page["Functions"]):
        found |= keys_of(function["FunctionArn"], function["Role"])
    return found


def keys_of(function_arn: str, role_arn: str) -> set[str]:
    """Return a function's secret and token, which MiniStack makes of its name and role."""
    digest = _digest(f"{function_arn}:{role_arn}")
    return {_digest(f"secret:{digest}"), _digest(f"token:{digest}")}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def holding(folder: Path, keys: set[str], *patterns: str) -> Iterator[Path]:
    """Yield the files below a folder whose names match and that hold one of the keys."""
    for pattern in patterns:
        for path in sorted(folder.rglob(pattern)):
            if path.is_file() and any(key.encode() in path.read_bytes() for key in keys):
                yield path
