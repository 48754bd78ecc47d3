"""An upload outlasts a lost connection and expired credentials: it waits, says so, and goes on by itself."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from imageproc.client.albums import Album
from imageproc.client.cancellation import Cancellation
from imageproc.client.stack import Stack
from imageproc.client.uploads import outage
from imageproc.client.uploads.events import (
    PreparedFile,
    Uploaded,
    UploadEvent,
    UploadFailed,
    UploadPaused,
    UploadProgress,
    UploadResumed,
)
from imageproc.client.workbench import Workbench
from imageproc.errors import Cancelled
from tests.client.conftest import Backend, written

ALBUM = Album("a1", "ann", "Cats", 0)


class Failing:
    """S3 as it is while the connection is lost, or after the credentials have expired."""

    def __init__(self, stack: Stack) -> None:
        self.s3 = stack.client("s3")
        self.error: Exception | str | None = None
        self.left = 10**9
        self.asked: Counter[str] = Counter()
        self.s3.meta.events.register("before-call.s3", self._call)

    def _call(self, model: Any, **_: Any) -> Any:
        self.asked[model.name] += 1
        self.left -= 1
        if self.error is None or self.left >= 0:
            return None
        if isinstance(self.error, Exception):
            raise self.error
        return _Refusal(), {"Error": {"Code": self.error, "Message": "The provided token has expired."}}


class _Refusal:
    status_code = 400


@pytest.fixture
def failing(backend: Backend) -> Failing:
    return Failing(backend.stack)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "_SHORTEST_S", 0.02)
    monkeypatch.setattr(outage, "_LONGEST_S", 0.05)


@pytest.fixture
def files(tmp_path: Path) -> list[PreparedFile]:
    return [written(tmp_path / f"{number}.jpg", (50 + number, 40)) for number in range(40)]


UNREACHABLE = EndpointConnectionError(endpoint_url="https://s3.eu-west-1.amazonaws.com/")


@pytest.mark.parametrize("error", [UNREACHABLE, "ExpiredToken"])
def test_every_file_is_sent_once_the_cause_is_mended(
    workbench: Workbench, failing: Failing, files: list[PreparedFile], error: Exception | str
) -> None:
    failing.error, failing.left = error, 10
    events: list[UploadEvent] = []
    for event in workbench.uploads.send(files, ALBUM, outage_timeout_s=30):
        events.append(event)
        if isinstance(event, UploadPaused):
            time.sleep(0.3)
            failing.error = None
    told = Counter(type(event) for event in events)
    assert (told[Uploaded], told[UploadFailed]) == (len(files), 0)
    assert (told[UploadPaused], told[UploadResumed]) == (1, 1)
    (paused,) = (event for event in events if isinstance(event, UploadPaused))
    assert ("aws sso login" if error == "ExpiredToken" else "check network") in paused.cause
    sent = sum(event.sent for event in events if isinstance(event, UploadProgress))
    assert sent == sum(file.size for file in files)
    assert failing.asked["ListObjectsV2"] < 30, "one thread looks for all"


def test_who_waits_in_vain_is_told_of_every_file(
    workbench: Workbench, failing: Failing, files: list[PreparedFile]
) -> None:
    failing.error, failing.left = UNREACHABLE, 5  # the list, and some of the files
    began = time.monotonic()
    events = list(workbench.uploads.send(files, ALBUM, outage_timeout_s=0.3))
    ended = [event for event in events if isinstance(event, Uploaded | UploadFailed)]
    assert {event.file for event in ended} == set(files)
    assert len(ended) == len(files)
    assert all(event.outage for event in ended if isinstance(event, UploadFailed))
    assert time.monotonic() - began < 20, "they wait together, not one after the other"


def test_without_a_timeout_nothing_waits(
    workbench: Workbench, failing: Failing, files: list[PreparedFile]
) -> None:
    failing.error, failing.left = UNREACHABLE, 1
    told = Counter(type(event) for event in workbench.uploads.send(files, ALBUM))
    assert (told[UploadFailed], told[UploadPaused]) == (len(files), 0)


def test_a_refusal_is_no_outage(workbench: Workbench, failing: Failing, files: list[PreparedFile]) -> None:
    failing.error, failing.left = "AccessDenied", 1
    events = list(workbench.uploads.send(files, ALBUM, outage_timeout_s=30))
    assert {type(event) for event in events} == {UploadFailed}


def test_the_wait_can_be_cancelled(workbench: Workbench, failing: Failing, files: list[PreparedFile]) -> None:
    failing.error, failing.left = UNREACHABLE, 1
    cancellation = Cancellation()
    events = workbench.uploads.send(files, ALBUM, outage_timeout_s=600, cancellation=cancellation)
    assert isinstance(next(events), UploadPaused)
    cancellation.cancel()
    with pytest.raises(Cancelled):
        list(events)


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_call_that_aws_does_not_answer_is_not_waited_for_and_nothing_follows_it(
    workbench: Workbench, failing: Failing, files: list[PreparedFile], *, cancelled: bool
) -> None:
    given_up, calls = threading.Event(), itertools.count()

    def hang(model: Any, **_: Any) -> None:
        if model.name == "PutObject" and next(calls):  # the first is answered
            given_up.wait(60)
            raise UNREACHABLE

    failing.s3.meta.events.register("before-call.s3", hang)
    cancellation = Cancellation()
    events = workbench.uploads.send(files, ALBUM, outage_timeout_s=600, cancellation=cancellation)
    next(events)
    uploading = [one for one in threading.enumerate() if one.name.startswith("upload-")]
    assert uploading
    began = time.monotonic()
    if cancelled:
        cancellation.cancel()
        with pytest.raises(Cancelled):
            list(events)
    else:
        cast("Generator[UploadEvent]", events).close()
    assert time.monotonic() - began < 5
    asked = failing.asked.copy()
    given_up.set()
    for one in uploading:
        one.join(30)
        assert not one.is_alive()
    assert failing.asked == asked, "neither a look whether AWS answers nor the next files"


def test_a_file_that_never_gets_through_fails_alone(
    workbench: Workbench, failing: Failing, files: list[PreparedFile]
) -> None:
    """A proxy, say, that breaks off what is long."""

    def break_off(params: dict[str, Any], **_: Any) -> None:
        if params["url_path"].endswith(files[3].key):
            raise UNREACHABLE

    failing.s3.meta.events.register("before-call.s3.PutObject", break_off)
    events = list(workbench.uploads.send(files, ALBUM, outage_timeout_s=30))
    assert [event.file for event in events if isinstance(event, UploadFailed)] == [files[3]]
