"""Which things a photo shows, and where: SSD-MobileNetV2, 80 classes of COCO, run by OpenCV."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from imageproc.core.packaged_models import model_file
from imageproc.local.recognition.models import DETECTOR_GRAPH, DETECTOR_WEIGHTS
from imageproc.local.recognition.remembering import Remembering

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

_SIZE = (300, 300)


@dataclass(frozen=True)
class Box:
    """A rectangle, in fractions of the picture's width and height, within it."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Detection:
    """One thing that was found: its COCO class (1 to 90, with gaps), its score (0 to 1) and where it is."""

    class_id: int
    score: float
    box: Box


class Detector:
    """The loaded model. It can be used from several threads, one at a time."""

    def __init__(self, threads: int, *, remember: bool = False) -> None:
        """Load the model; `threads` run it. If it is to `remember`, the same pixels are looked at once."""
        cv2.setNumThreads(threads)
        weights, graph = model_file(DETECTOR_WEIGHTS), model_file(DETECTOR_GRAPH)
        self._net = cv2.dnn.readNetFromTensorflow(str(weights), str(graph))
        self._lock = threading.Lock()
        self._look = Remembering(self._run) if remember else self._run

    def detections(self, picture: Image.Image, least: float) -> list[Detection]:
        """Return what is found in an upright RGB picture with at least this score, the surest first."""
        blob = cv2.dnn.blobFromImage(np.asarray(picture), size=_SIZE, swapRB=False)
        rows = self._look(blob).tolist()
        found = [
            Detection(int(class_id), score, _box(*corners))
            for _, class_id, score, *corners in rows
            if score >= least and class_id >= 1
        ]
        return sorted(found, key=lambda detection: -detection.score)

    def _run(self, blob: NDArray[Any]) -> NDArray[np.float32]:
        """Return rows of (·, class, score, x1, y1, x2, y2). Overlapping boxes of one thing are merged."""
        with self._lock:
            self._net.setInput(blob)
            rows: NDArray[np.float32] = self._net.forward()[0, 0].copy()  # of the net's own memory
        return rows


def _box(x1: float, y1: float, x2: float, y2: float) -> Box:
    """Return the box of two corners, cut off at the picture's edges."""
    left, top, right, bottom = (min(max(value, 0.0), 1.0) for value in (x1, y1, x2, y2))
    return Box(left, top, max(right - left, 0.0), max(bottom - top, 0.0))
