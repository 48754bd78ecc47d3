"""Both models together: a photo's bytes go in, labels come out."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PIL import Image

from imageproc.core.thumbnail import render
from imageproc.local.recognition.classifier import Classifier
from imageproc.local.recognition.detector import Detector
from imageproc.local.recognition.labels import FoundLabel, merge
from imageproc.local.recognition.second_look import things

if TYPE_CHECKING:
    from collections.abc import Callable

    Recognise = Callable[[bytes], list[FoundLabel]]

# Both models look at some 300 pixels: more than twice that only costs time and memory.
_BOX = (640, 640)
_THREADS = 2


class Recognizer:
    """The loaded models, to be used from several threads."""

    def __init__(self, *, remember: bool = False) -> None:
        """Load the models. If they are to `remember`, pixels that they have seen are not looked at again.

        Raises ModelsMissingError.
        """
        self._classifier = Classifier(_THREADS, remember=remember)
        self._detector = Detector(_THREADS, remember=remember)
        self._decoding = threading.Lock()

    def labels(self, data: bytes) -> list[FoundLabel]:
        """Return all labels of a JPEG or PNG given as its whole file, the surest first.

        Raises ImageIdentifyError, NotSupportedImageType or ImageTooLargeError.
        """
        # One at a time: a PNG of 15 MB may have 200 megapixels.
        with self._decoding:
            picture = _opaque(render(data, _BOX))
        return merge(self._classifier.probabilities(picture).tolist(), things(self._detector, picture))


def _opaque(picture: Image.Image) -> Image.Image:
    """Return an RGB picture; what is transparent becomes white, as most viewers show it."""
    if picture.mode in ("RGBA", "LA"):
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return picture.convert("RGB")
