"""The local recognition, measured by photos that people labelled."""

from __future__ import annotations

import pytest

from imageproc.local.recognition.models import missing_packages

if missing_packages():
    pytest.skip(f"{missing_packages()} not installed", allow_module_level=True)

from benchmarks.labels import LABELLED, corpus_truth, judge, large_recall, recall_by_size
from imageproc.local.recognition.recognizer import Recognizer
from imageproc.local.recognition.request import DEFAULT_MIN_CONFIDENCE

if not LABELLED.exists():
    pytest.skip("there are no labelled photos here", allow_module_level=True)

SOME = slice(0, 32)
"""Half of the photos: all of them take twice the time. `make bench BENCH=labels` judges them all."""


def test_what_is_said_is_nearly_always_true_and_most_of_what_is_true_is_said() -> None:
    found = judge(Recognizer(), corpus_truth(), LABELLED, SOME, DEFAULT_MIN_CONFIDENCE)
    score = found.measured.overall()
    assert score.precision is not None
    assert score.recall is not None
    assert score.precision >= 0.92, found.measured.mistakes()
    assert score.recall >= 0.64, found.measured.mistakes()
    assert large_recall(found.measured) >= 0.83
    assert found.without <= 1
    assert sum(there for _, there in recall_by_size(found.measured).values()) == score.right + score.missed
