"""A photo's embedding: the 1,280 numbers that EfficientNet-Lite3 has before its last layer.

Photos of like things have like numbers, whatever the pixels are. Each is a mean of activations between 0 and
6, and the model, which calculates in 8 bits, gives it as a whole number from 0 to 255: that is what is kept,
a byte each, without loss. LiteRT, NumPy and the model are in the embedding layer.
"""

from __future__ import annotations

import threading
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

from imageproc.core.packaged_models import CLASSIFIER_FILE, model_file
from imageproc.core.rendition import on_white
from imageproc.core.thumbnail import rendered
from imageproc.errors import ModelsMissingError

if TYPE_CHECKING:
    from PIL import Image

_SIZE = (280, 280)
# The tensor is of signed bytes, its zero point -128 and its scale 6/255.
_LAYER = "efficientnet-lite3/model/head/Squeeze1"
_SIGN = 0x80


class Embedder:
    """The loaded model. Threads may share it, one at a time."""

    def __init__(self) -> None:
        """Load the model. Raises ModelsMissingError if it or LiteRT is not there."""
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise ModelsMissingError(f"LiteRT cannot be loaded: {error}.") from error
        with warnings.catch_warnings():
            # It says that keeping all layers takes memory: 20 MB here.
            warnings.simplefilter("ignore", UserWarning)
            self._interpreter = Interpreter(
                str(model_file(CLASSIFIER_FILE)), num_threads=1, experimental_preserve_all_tensors=True
            )
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        layers = {one["name"]: one["index"] for one in self._interpreter.get_tensor_details()}
        self._layer = layers[_LAYER]
        self._lock = threading.Lock()

    def embed(self, data: bytes) -> bytes:
        """Return the embedding of a JPEG or PNG, given as its whole file: 1,280 bytes.

        The picture is upright, and stretched to a square; transparency becomes white. Raises
        ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
        """
        upright = rendered(data, lambda _: _SIZE)[2]
        flat = upright if upright.mode in ("L", "RGB") else on_white(upright)
        numbers: bytes = self._run(flat.convert("RGB")).tobytes()
        return bytes(one ^ _SIGN for one in numbers)

    def _run(self, picture: Image.Image) -> Any:
        import numpy as np

        with self._lock:
            self._interpreter.set_tensor(self._input, np.asarray(picture)[None])
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._layer)


@cache
def embedder() -> Embedder:
    """Return the model, loaded once. Raises ModelsMissingError."""
    return Embedder()
