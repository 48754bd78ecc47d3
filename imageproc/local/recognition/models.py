"""The models of recognition, and what they need."""

from __future__ import annotations

import os
from importlib.util import find_spec

from imageproc.core.packaged_models import INSTALL_COMMAND, MODEL_PACKAGE
from imageproc.errors import ModelsMissingError

SWITCH = "IMAGEPROC_RECOGNITION"
"""Set to `off`, this environment variable starts a local AWS without recognition."""

RUNTIMES = ("ai_edge_litert", "cv2", "numpy")
DETECTOR_WEIGHTS = "frozen_inference_graph.pb"
DETECTOR_GRAPH = "ssd_mobilenet_v2_coco_2018_03_29.pbtxt"

CLASSIFIER = "EfficientNet-Lite3"
DETECTOR = "SSD-MobileNetV2-COCO"
MODEL_VERSION = f"local {CLASSIFIER} + {DETECTOR}"
"""What is recorded with each photo as `labelModelVersion`."""


def missing_packages() -> list[str]:
    """Return the names of the modules that recognition needs and that are not installed."""
    return [name for name in (MODEL_PACKAGE, *RUNTIMES) if find_spec(name) is None]


def makes_labels() -> bool:
    """Whether a local AWS that is started here has recognition."""
    return os.environ.get(SWITCH) != "off" and not missing_packages()


def require_packages() -> None:
    """Raise ModelsMissingError unless all that recognition needs is installed. Nothing is imported."""
    missing = missing_packages()
    if missing:
        raise ModelsMissingError(
            f"{', '.join(missing)} not installed. On Linux, and on Macs with Apple's processors: "
            f"{INSTALL_COMMAND}"
        )
