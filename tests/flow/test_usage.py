"""The calls of a photo, counted again: a new one is a new line on the bill, and must not be forgotten."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.record_usage import Recorder, Run, start
from imageproc.costs import ours
from imageproc.costs.designs import PhotoUse
from imageproc.local.recognition.models import missing_packages
from tests import pictures

AGAIN = "if that is meant, record the usage anew: python -m benchmarks.record_usage"


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    if missing_packages():
        pytest.skip(f"{missing_packages()} not installed: nothing reads photos for their labels")
    local, recorder = start(tmp_path_factory.mktemp("usage") / "state", similarity=True)
    yield recorder
    local.reset()


def whole() -> PhotoUse:
    """What a photo that gets an embedding is known to take."""
    embedding = ours().embedding
    assert embedding is not None
    return ours().photo.plus(embedding)


def compare(run: Run, known: PhotoUse) -> None:
    assert dict(run.states) == known.transitions, AGAIN
    assert set(run.calls) == set(known.functions), AGAIN
    for name, calls in run.calls.items():
        assert dict(calls) == (
            known.functions[name].calls
            if name != "ExtractImageMetadata"
            else {"s3:GetObjectVersion": 1}  # more for photos with a longer header
        ), f"{name}: {AGAIN}"


def test_a_good_photo_makes_the_calls_that_are_billed(recorder: Recorder) -> None:
    run = recorder.run(pictures.jpeg())
    compare(run, whole())
    assert set(ours().photo.functions["ExtractImageMetadata"].calls) == {"s3:GetObjectVersion"}
    assert 0 < run.write_units <= whole().write_units


def test_a_photo_that_is_processed_again_makes_the_calls_that_are_billed(recorder: Recorder) -> None:
    recorder.run(pictures.jpeg())
    billed = {name: dict(use.calls) for name, use in whole().again().functions.items()}
    billed["ExtractImageMetadata"] = {"s3:GetObjectVersion": 1}
    assert {name: dict(calls) for name, calls in recorder.again().items()} == billed


def test_a_photo_that_is_processed_in_place_makes_the_calls_that_are_billed(recorder: Recorder) -> None:
    billed = {name: dict(use.calls) for name, use in whole().in_place().functions.items()}
    billed["ExtractImageMetadata"] = {"s3:GetObjectVersion": 1, "s3:GetObject": 1}
    counted = recorder.in_place(pictures.jpeg())
    assert {name: dict(calls) for name, calls in counted.items()} == billed
    of_upload = sum(use.calls.get("dynamodb:UpdateItem", 0) for use in whole().functions.values())
    assert sum(calls["dynamodb:UpdateItem"] for calls in counted.values()) == of_upload - 1


def test_a_file_that_is_no_photo_makes_the_calls_that_are_billed(recorder: Recorder) -> None:
    known = ours().rejected
    assert known
    compare(recorder.run(b"no photo"), known)


def test_the_lines_that_lambda_itself_logs_are_among_those_that_are_counted(recorder: Recorder) -> None:
    recorder.run(pictures.jpeg())
    group = f"/aws/lambda/{recorder.stack.name}-StoreImageMetadata"
    events = recorder.stack.client("logs").filter_log_events(logGroupName=group)["events"]
    first_words = {event["message"].split()[0] for event in events}
    assert first_words >= {"START", "END", "REPORT"}
