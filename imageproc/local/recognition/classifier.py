"""What a photo shows as a whole: EfficientNet-Lite3, 1,000 classes of ImageNet, run by LiteRT."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image, ImageOps

from imageproc.core.packaged_models import CLASSIFIER_FILE, model_file
from imageproc.local.recognition.remembering import Remembering

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The model's input: uint8 RGB, stretched to this width and height, without mean or deviation.
_SIZE = (280, 280)
# Its output is uint8; quantisation scale 1/256, zero point 0.
_SCALE = 256.0
CLASSES = 1000


class Classifier:
    """The loaded model. It can be used from several threads, one at a time."""

    def __init__(self, threads: int, *, remember: bool = False) -> None:
        """Load the model; `threads` run it. If it is to `remember`, the same pixels are looked at once."""
        self._interpreter = Interpreter(str(model_file(CLASSIFIER_FILE)), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._lock = threading.Lock()
        self._look = Remembering(self._run) if remember else self._run

    def probabilities(self, picture: Image.Image) -> NDArray[np.float64]:
        """Return the probability (0 to 1) of each class for an upright RGB picture.

        The picture and its mirror image are both looked at, which steadies the answer.
        """
        small = picture.resize(_SIZE, Image.Resampling.BICUBIC)
        both = [self._look(np.asarray(view)[None]) for view in (small, ImageOps.mirror(small))]
        mean: NDArray[np.float64] = np.mean(both, axis=0)
        return mean

    def _run(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        with self._lock:
            self._interpreter.set_tensor(self._input, pixels)
            self._interpreter.invoke()
            output: NDArray[np.float64] = self._interpreter.get_tensor(self._output)[0] / _SCALE
        return output
