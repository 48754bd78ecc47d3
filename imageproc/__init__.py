"""Image recognition and processing on AWS, driven from Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imageproc.client.workbench import Workbench

__version__ = "0.2.0"

__all__ = ["Workbench", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the workbench when it is first asked for: this module is also Lambda's, where it is not."""
    if name == "Workbench":
        from imageproc.client.workbench import Workbench

        return Workbench
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
