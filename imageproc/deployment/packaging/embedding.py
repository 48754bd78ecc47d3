"""The layer that embeddings are made with: LiteRT, NumPy and the model, 75 MB unpacked.

It holds no more than is loaded: of LiteRT its interpreter, of the models one, of NumPy all but its tests and
its tools for Fortran.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.core.packaged_models import CLASSIFIER_FILE, MODEL_PACKAGE, model_file
from imageproc.deployment.packaging import wheels
from imageproc.deployment.packaging.archive import Package, package
from imageproc.deployment.packaging.pruning import without_noise
from imageproc.errors import ModelsMissingError, PackagingError

if TYPE_CHECKING:
    from imageproc.deployment.packaging.zips import BuildTarget

_MODEL = f"{MODEL_PACKAGE}/models/{CLASSIFIER_FILE}"
_LOADED = re.compile(
    rf"{re.escape(_MODEL)}$|{MODEL_PACKAGE}/__init__\.py$|.*\.dist-info/"
    r"|ai_edge_litert/(__init__|interpreter|metrics_\w+)\.py$"
    r"|ai_edge_litert/(_pywrap_litert_interpreter_wrapper|libpywrap_litert_common)\.so$"
    r"|numpy\.libs/|numpy/(?!(.*/)?(tests|f2py)/|_core/_simd\.)"
)


def embedding_package(target: BuildTarget, prefix: str = "", *, cache: Path | None = None) -> Package:
    """Zip what embeddings are made with, under `python/`; `target` and `cache` as `build` takes them.

    For the local AWS that is the model alone: its functions run with this interpreter, which has LiteRT and
    NumPy itself. Raises PackagingError.
    """
    files = _local() if target.bootstrap is not None else _downloaded(target, cache)
    return package({f"python/{name}": data for name, data in files.items()}, prefix, level=target.level)


def is_loaded(name: str) -> bool:
    """Whether a file of the wheels, by its name in them, is needed to make embeddings, or its licence."""
    return _LOADED.match(name) is not None


def _local() -> dict[str, bytes]:
    try:
        return {f"{MODEL_PACKAGE}/__init__.py": b"", _MODEL: model_file(CLASSIFIER_FILE).read_bytes()}
    except ModelsMissingError as error:
        raise PackagingError(f"Similarity=Enabled needs a model. {error}") from error


def _downloaded(target: BuildTarget, cache: Path | None) -> dict[str, bytes]:
    """Return what is loaded of each wheel for Lambda."""
    pins = wheels.requirements_file("embedding.txt")
    files: dict[str, bytes] = {}
    for wheel in wheels.wheels(pins, target.python_version, target.architecture, cache=cache):
        files |= {name: data for name, data in wheels.unpack(wheel).items() if is_loaded(name)}
    return without_noise(files)
