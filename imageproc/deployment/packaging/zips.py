"""The zips that the functions run from: their code, the layer with Pillow and piexif, that of embeddings."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import imageproc
from imageproc.deployment.packaging import wheels
from imageproc.deployment.packaging.archive import QUICK, THOROUGH, Package, package
from imageproc.deployment.packaging.embedding import embedding_package
from imageproc.deployment.packaging.pruning import prune
from imageproc.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LAYER_DISTRIBUTIONS = ("piexif", "pillow")

_MAX_UNPACKED_BYTES = 250 * 1024 * 1024
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_SHIPPED = ("core", "aws", "functions")
"""The only folders of the package that run in Lambda."""


@dataclass(frozen=True)
class BuildTarget:
    """What the zips are built for.

    `runtime` and `architecture` are the functions' Runtime and Architectures. With a
    `bootstrap` the code is for a custom runtime, and the layer is made of this interpreter's own packages;
    without one, the layer's wheels are downloaded for Lambda's Python.
    """

    runtime: str
    architecture: str
    bootstrap: bytes | None = None

    @property
    def level(self) -> int:
        """How much the zips are compressed."""
        return THOROUGH if self.bootstrap is None else QUICK

    @property
    def python_version(self) -> str:
        """The runtime's Python, such as `3.14`. Raises PackagingError for another runtime."""
        if not self.runtime.startswith("python"):
            raise PackagingError(
                f"{self.runtime} names no Python version that wheels could be downloaded for."
            )
        return self.runtime.removeprefix("python")


RUNTIMES = ("python3.13", "python3.14")
"""The runtimes of AWS that the functions and the layer can be built for."""

AWS: BuildTarget = BuildTarget(RUNTIMES[-1], "arm64")
"""Lambda's newest Python on Graviton: the cheapest of the architectures."""


def local_target(bootstrap: bytes) -> BuildTarget:
    """Return the target of the local AWS, which runs the functions with this interpreter through
    `bootstrap`.
    """
    arm = platform.machine().lower() in {"aarch64", "arm64"}
    return BuildTarget("provided.al2023", "arm64" if arm else "x86_64", bootstrap)


@dataclass(frozen=True)
class Packages:
    """The zips of one build, and what they were built for."""

    target: BuildTarget
    functions: Package
    layer: Package
    embedding: Package | None = None
    """The layer that embeddings are made with; None unless it is wanted."""

    @property
    def zips(self) -> tuple[Package, ...]:
        """All of them."""
        return tuple(one for one in (self.functions, self.layer, self.embedding) if one)


def build(
    target: BuildTarget, prefix: str = "", *, similarity: bool = False, cache: Path | None = None
) -> Packages:
    """Build the zips, with `similarity` that of embeddings too. Their keys begin with `prefix`.

    The same sources give the same keys, so that what is uploaded already need not be uploaded again. `cache`
    is the folder for downloaded wheels (the user's cache folder). Raises PackagingError.
    """
    return Packages(
        target,
        functions_package(target, f"{prefix}functions/"),
        layer_package(target, f"{prefix}layer/", cache=cache),
        embedding_package(target, f"{prefix}embedding/", cache=cache) if similarity else None,
    )


def functions_package(target: BuildTarget, prefix: str = "", root: Path | None = None) -> Package:
    """Zip the functions' code: the package with `core`, `aws` and `functions` alone.

    `root` is the folder of the package `imageproc`.
    """
    root = root or Path(imageproc.__file__).parent
    files = {f"{root.name}/{path.relative_to(root).as_posix()}": path.read_bytes() for path in _sources(root)}
    if target.bootstrap is not None:
        files["bootstrap"] = target.bootstrap
    return package(files, prefix, frozenset({"bootstrap"}), target.level)


def layer_package(target: BuildTarget, prefix: str = "", *, cache: Path | None = None) -> Package:
    """Zip the layer: Pillow and piexif under `python/`, where Lambda's Python looks.

    https://docs.aws.amazon.com/lambda/latest/dg/packaging-layers.html
    """
    files: dict[str, bytes] = {}
    for found in _installed() if target.bootstrap is not None else _downloaded(target, cache):
        files.update(found)
    laid_out = {f"python/{name}": data for name, data in prune(files).items()}
    layer = package(laid_out, prefix, level=target.level)
    if layer.unpacked > _MAX_UNPACKED_BYTES:
        raise PackagingError(
            f"The layer unpacks to {layer.unpacked} bytes; Lambda allows {_MAX_UNPACKED_BYTES}."
        )
    return layer


def _sources(root: Path) -> Iterator[Path]:
    yield from (root / "__init__.py", root / "errors.py")
    for folder in _SHIPPED:
        yield from (root / folder).rglob("*.py")


def _downloaded(target: BuildTarget, cache: Path | None) -> Iterator[Mapping[str, bytes]]:
    """Yield the files of each wheel for Lambda."""
    pins = wheels.requirements_file()
    for wheel in wheels.wheels(pins, target.python_version, target.architecture, cache=cache):
        yield wheels.unpack(wheel)


def _installed() -> Iterator[Mapping[str, bytes]]:
    """Yield the files of this interpreter's own Pillow and piexif."""
    for name in LAYER_DISTRIBUTIONS:
        try:
            files = metadata.files(name)
        except metadata.PackageNotFoundError as error:
            raise PackagingError(f"{name} is not installed here: pip install {name}") from error
        if not files:
            raise PackagingError(f"{name} lists no files here: install it again with pip.")
        yield {
            file.as_posix(): Path(str(file.locate())).read_bytes()
            for file in files
            if ".." not in file.parts
            and "__pycache__" not in file.parts  # scripts, and byte code that may be gone
        }
