"""The last stage: a stack and all that belongs to it removed, and a look whether it is gone."""

from imageproc.deployment.sweep.sweeping import destroy

__all__ = [
    "destroy",
]
