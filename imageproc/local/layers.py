"""Layers on disk: unpacked once, under the name of their content."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path


def unpack_once(content: bytes, parent: Path) -> Path:
    """Unpack a zip into a directory named after its content, unless it is there already; return that."""
    target = parent / sha256(content).hexdigest()
    if target.is_dir():
        return target
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=parent))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            archive.extractall(temporary)
        temporary.rename(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target
