"""The second stage: the zips that the functions run from."""

from imageproc.deployment.packaging.archive import Package
from imageproc.deployment.packaging.zips import (
    AWS,
    RUNTIMES,
    BuildTarget,
    Packages,
    build,
    functions_package,
    layer_package,
    local_target,
)

__all__ = [
    "AWS",
    "RUNTIMES",
    "BuildTarget",
    "Package",
    "Packages",
    "build",
    "functions_package",
    "layer_package",
    "local_target",
]
