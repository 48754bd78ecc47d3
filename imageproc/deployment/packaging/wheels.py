"""Wheels for Lambda's Python and processor, whatever this machine's are; downloaded once.

pip does the downloading because it knows the user's index, proxy and certificates; the hashes in the
requirements say what it may bring.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc import resources
from imageproc.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBC_MINORS = (34, 31, 28, 27, 26, 24, 17)
"""Python 3.12 and later run on Amazon Linux 2023, which has glibc 2.34: wheels for that or older ones load
there.
"""

_TIMEOUT_SECONDS = 600


def requirements_file(name: str = "lambda.txt") -> Path:
    """Return a file that pins what a layer holds, with hashes: by default the imaging layer's."""
    return resources.folder("requirements") / name


def cache_folder() -> Path:
    """Return the user's cache folder for downloads: `XDG_CACHE_HOME`, or the platform's own."""
    if chosen := os.environ.get("XDG_CACHE_HOME"):
        return Path(chosen) / "imageproc"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "imageproc"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "imageproc" / "Cache"
    return Path.home() / ".cache" / "imageproc"


def pip_command(requirements: Path, python_version: str, architecture: str, folder: Path) -> list[str]:
    """Return the command that downloads the wheels for a Lambda runtime into a folder."""
    machine = _MACHINES[architecture]
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in _GLIBC_MINORS]
    options = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--quiet"]
    target = ["--python-version", python_version, "--implementation", "cp"]
    for platform in [*platforms, f"manylinux2014_{machine}"]:
        target += ["--platform", platform]
    download = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download"]
    return [*download, *options, *target, "--dest", str(folder), "--requirement", str(requirements)]


def wheels(
    requirements: Path,
    python_version: str,
    architecture: str,
    *,
    cache: Path | None = None,
    run: Callable[[Sequence[str]], None] | None = None,
) -> list[Path]:
    """Return the wheels that the requirements pin, from the cache or, the first time, from the package index.

    The cache's folder is named by what was asked for. A wheel whose hash the requirements do not know (a
    broken disk, tampering) is downloaded again. Raises PackagingError.
    """
    pins = requirements.read_text(encoding="utf-8")
    asked = "\0".join((pins, python_version, architecture))
    folder = (cache or cache_folder()) / "wheels" / hashlib.sha256(asked.encode()).hexdigest()
    found = sorted(folder.glob("*.whl"))
    if not found or not all(_is_pinned(path, pins) for path in found):
        _download(partial(pip_command, requirements, python_version, architecture), folder, run or run_pip)
        found = sorted(folder.glob("*.whl"))
    if len(found) < len(re.findall(r"^[\w.-]+==", pins, re.MULTILINE)):
        raise PackagingError(f"pip brought only {', '.join(path.name for path in found) or 'nothing'}.")
    return found


def unpack(wheel: Path) -> dict[str, bytes]:
    """Return a wheel's files by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}


def run_pip(command: Sequence[str]) -> None:
    """Run pip. Raises PackagingError with the last lines of what it said, and the fix."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise PackagingError(
            f"pip did not finish within {_TIMEOUT_SECONDS} seconds. Check the network."
        ) from error
    if done.returncode == 0:
        return
    said = done.stderr.strip() or done.stdout.strip()
    if "No module named pip" in said:
        raise PackagingError(
            f"The layer's wheels are downloaded by pip, which {sys.executable} lacks. "
            f"Bring it: `{sys.executable} -m ensurepip`, or `uv pip install pip`."
        )
    raise PackagingError(
        "pip could not download the layer's wheels. Check the network and pip's index "
        f"(`{sys.executable} -m pip config list`). pip said:\n" + "\n".join(said.splitlines()[-6:])
    )


def _is_pinned(path: Path, pins: str) -> bool:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" in pins


def _download(
    command: Callable[[Path], list[str]], folder: Path, run: Callable[[Sequence[str]], None]
) -> None:
    """Download into a folder beside the wanted one, then rename: an interruption leaves no half-filled
    cache.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fresh = Path(temporary) / "wheels"
        fresh.mkdir()
        run(command(fresh))
        shutil.rmtree(folder, ignore_errors=True)
        try:
            fresh.rename(folder)
        except OSError:  # another process was faster; what it downloaded has the same hashes
            if not folder.is_dir():
                raise
