"""Every call of every function is made to fail, in a whole stack on a local AWS, one fault for each photo."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from imageproc.client.photos.photo import Photo
from imageproc.client.photos.processing import NotRestarted
from imageproc.client.stack import Stack
from imageproc.client.workbench import Workbench
from imageproc.core.record import Dimensions, Status
from imageproc.local import LocalAws
from tests import pictures, soak
from tests.flow.conftest import Backend, deploy, target_of
from tests.flow.test_processing import write
from tests.reliability import faulty_server
from tests.reliability.faults import EVERYWHERE, KINDS, LASTING, Call, Fault, object_id, of_call, of_key

ROOT = Path(__file__).parents[2]
CALLS = json.loads((Path(__file__).parent / "calls.json").read_text())["functions"]

START, EXTRACT, STORE = "ImageProcStartExecution", "ExtractImageMetadata", "StoreImageMetadata"
REKOGNITION, RENDITION, TAGS = "Rekognition", "RekognitionOfRendition", "StoreRekognizedTags"
THUMBNAIL, OUTCOME = "GenerateThumbnail", "RecordOutcome"

SITES = (
    Call(START, "s3.HeadObject"),
    Call(START, "dynamodb.UpdateItem"),
    Call(START, "dynamodb.UpdateItem", 2),
    Call(START, "stepfunctions.StartExecution"),
    Call(START, "dynamodb.GetItem"),
    Call(EXTRACT, "s3.GetObject"),
    Call(EXTRACT, "s3.GetObject", 2),
    Call(STORE, "dynamodb.UpdateItem"),
    Call(REKOGNITION, "rekognition.DetectLabels"),
    Call(RENDITION, "s3.GetObject"),
    Call(TAGS, "dynamodb.UpdateItem"),
    Call(THUMBNAIL, "s3.GetObject"),
    Call(THUMBNAIL, "s3.PutObject"),
    Call(THUMBNAIL, "s3.HeadObject"),
    Call(THUMBNAIL, "dynamodb.GetItem"),
    Call(THUMBNAIL, "s3.PutObject", 2),
    Call(THUMBNAIL, "dynamodb.UpdateItem"),
    Call(OUTCOME, "dynamodb.UpdateItem"),
    Call(OUTCOME, "dynamodb.GetItem"),
)
"""Where a function calls AWS. A photo for each, and for each fault."""

BEFORE = {
    Call(START, "dynamodb.GetItem"): Fault(
        Call(START, "stepfunctions.StartExecution"), "throttled", "thrice"
    ),
    Call(OUTCOME, "dynamodb.GetItem"): Fault(Call(REKOGNITION, "rekognition.DetectLabels"), "denied", "once"),
}
"""What must have happened before for the call to be made at all."""

IN_TURN = (("throttled", "lost"), ("lost", "throttled"))
PASSING = [
    Fault(call, kind, "thrice")
    for number, call in enumerate(SITES)
    for kind in soak.each(*IN_TURN[number % 2])
]
"""After three requests the SDK gives up: it is the state machine, or Lambda, that runs the function again."""

TRIES = 9 * 3
"""Of the state machine (one, and eight retries), times those of the SDK."""
DELIVERIES = 3 * 3
"""Of Lambda, times those of the SDK."""

BEGIN = "BeginPhoto"
BULK_SITES = (
    Call(BEGIN, "s3.HeadObject"),
    Call(BEGIN, "dynamodb.GetItem"),
    Call(BEGIN, "dynamodb.UpdateItem"),
    Call(BEGIN, "stepfunctions.DescribeExecution"),
)
"""Where a bulk run's own function calls AWS. The last one is about a photo that seems to be processed."""

BULK_FAULTS = [
    Fault(call, kind, times)
    for call in BULK_SITES
    for kind, times in (
        ("throttled", "thrice"),
        ("lost", "once"),
        ("silent", "once"),
        ("denied", "once"),
        ("failed", "ever"),
    )
]

ELSEWHERE = (BEGIN, "DescribeExecution", "EmbedImage")
"""Functions that no upload comes by here: the first has its faults in the bulk run below, those that only
deployments call and stacks with Similarity have, in `tests/functions/test_call_faults.py`."""

NAMELESS = {
    (REKOGNITION, "dynamodb.UpdateItem"),
    (RENDITION, "dynamodb.UpdateItem"),
    (RENDITION, "rekognition.DetectLabels"),
}
"""Calls that do not name their photo, a turn and a rendition's bytes: see the same file."""

PHOTO = pictures.jpeg((96, 80))
SMALL = pictures.jpeg((64, 48))
"""Rekognition cannot take it: a rendition is made."""
COMMENT = b"\xff\xfe\xff\xff" + bytes(0xFFFD)
LONG = PHOTO[:2] + COMMENT * 3 + PHOTO[2:]
"""Its size comes after the first range."""
HEALTHY = [f"healthy/{number}.jpg" for number in range(8)]


def photos() -> dict[str, bytes]:
    """The batch: object IDs, and what is uploaded."""
    alone = [fault for call in SITES for fault in of_call(call, lasting(call))] + PASSING
    unseen = [Fault(call, fault.kind, "once") for call in BEFORE for fault in EVERYWHERE]
    faulty = [object_id(*before_of(fault), fault) for fault in alone + unseen]
    everywhere = [object_id(fault) for fault in EVERYWHERE]
    every = dict.fromkeys([*faulty, *everywhere, *HEALTHY], LONG)
    return {photo: SMALL if RENDITION in photo else data for photo, data in every.items()}


def lasting(call: Call) -> tuple[str, ...]:
    """Return what a call meets for ever: each service's first call all kinds, the others two of them in turn.

    The state machine sees the error's name alone. That all kinds have the same one, whichever the call, is
    shown by `tests/functions/test_call_faults.py`.
    """
    of_service = [one for one in SITES if service_of(one) == service_of(call)]
    place = of_service.index(call)
    return LASTING[place % 2 :: 2] if place else LASTING


def service_of(call: Call) -> str:
    return call.operation.partition(".")[0]


def before_of(fault: Fault) -> list[Fault]:
    return [BEFORE[fault.call]] if fault.call in BEFORE else []


@dataclass
class Ran:
    """The batch after everything about it has ended, and before any fault was lifted."""

    backend: Backend
    folder: Path
    records: dict[str, Photo]
    undelivered: set[str]
    """The photos whose events are in the dead-letter queue."""

    def calls(self) -> list[tuple[str, str, str, int, str]]:
        """Photo, function, operation, number and fault of all requests that the functions made."""
        return [tuple(json.loads(line)) for line in (self.folder / "calls.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("IMAGEPROC_RECOGNITION", "off")
        patch.setenv("IMAGEPROC_WORKERS_PER_FUNCTION", "6")  # some only wait
        patch.setenv("IMAGEPROC_WORKERS", "12")
        patch.setenv(faulty_server.FOLDER, str(folder))
        for module in ("lifecycle", "processes"):
            patch.setattr(f"imageproc.local.{module}.SERVER_MODULE", faulty_server.MODULE)
        local = LocalAws(folder / "state")
        target = target_of(local.start())
        try:
            # Turns that are hardly waited for: the state machine's waits are none here.
            deploy(target, "faulty", BulkToleratedFailurePercentage="100", DetectLabelsPerSecond="1000")
            yield run_batch(Backend(Workbench(target, "faulty")), folder)
        finally:
            local.reset()


def run_batch(backend: Backend, folder: Path) -> Ran:
    ran, s3 = Ran(backend, folder, {}, set()), backend.stack.client("s3")
    for photo, data in photos().items():
        # As an earlier upload of the key has left it: so the thumbnail's conditional calls are made, too.
        s3.put_object(Bucket=backend.stack.bucket, Key=f"Thumbnails/{photo}", Body=b"old")
        backend.put(photo, data)
    settle(ran)
    for record in ran.records.values():
        if any(fault.call == Call(OUTCOME, "dynamodb.GetItem") for fault in of_key(record.id)):
            backend.photos.retry(record)
    settle(ran)
    return ran


def settle(ran: Ran) -> None:
    """Wait until nothing happens any more: each photo's execution has ended, or was given up."""
    executions, waiting = ran.backend.workbench.executions, set(photos())
    deadline = time.monotonic() + 900  # a minute where nothing else runs, five beside other tests
    while waiting:
        assert time.monotonic() < deadline, f"it goes on for ever: {waiting}"
        time.sleep(2)  # each look reads all records
        ran.undelivered |= set(dead_letters(ran.backend.stack))
        running = {one.arn for one in executions.all("RUNNING")}
        ran.records = {photo.id: photo for photo in ran.backend.photos}
        ended = {p.id for p in ran.records.values() if p.execution_arn and p.execution_arn not in running}
        waiting -= ended | ran.undelivered
    while any(executions.all("RUNNING")):  # what was listed before the records were read may have begun again
        assert time.monotonic() < deadline, "an execution goes on for ever"
        time.sleep(0.5)


def dead_letters(stack: Stack) -> Iterator[str]:
    """Yield the photos in the dead-letter queue, and take them out of it."""
    sqs, url = stack.client("sqs"), stack.dead_letter_queue
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            body = json.loads(message["Body"])
            for record in body.get("requestPayload", body)["Records"]:
                yield record["s3"]["object"]["key"].removeprefix("Incoming/")
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def fault_of(photo: str) -> Fault | None:
    """The fault that a photo is about."""
    return of_key(photo)[-1] if photo not in HEALTHY else None


def faulty(*, passes: bool) -> dict[str, Fault]:
    """The faulty photos of the batch. An event that was refused once is delivered again."""
    found = {photo: fault for photo in photos() if (fault := fault_of(photo))}
    forgiving = {p for p, fault in found.items() if fault.call.function == START and fault.times != "ever"}
    return {p: fault for p, fault in found.items() if (fault.passes or p in forgiving) == passes}


def test_the_functions_call_what_is_listed_and_each_call_was_made_to_fail(ran: Ran) -> None:
    made = {(function, operation) for _, function, operation, _, _ in ran.calls()}
    listed = {(function, call) for function, calls in CALLS.items() for call in calls}
    assert made == {one for one in listed if one[0] not in ELSEWHERE}
    failed = {(function, operation) for _, function, operation, _, kind in ran.calls() if kind}
    assert failed == {one for one in made - NAMELESS if one[0] != "CreateS3EventTrigger"}
    assert {kind for *_, kind in ran.calls() if kind} == set(KINDS)
    lasted = {
        (service_of(fault.call), fault.kind)
        for fault in map(fault_of, photos())
        if fault and not fault.passes
    }
    services = {service_of(call) for call in SITES}
    assert lasted >= set(itertools.product(services, ("denied", *LASTING)))
    hit = {photo for photo, *_, kind in ran.calls() if kind}
    assert hit == set(photos()) - set(HEALTHY)


def test_no_original_is_lost(ran: Ran) -> None:
    s3, bucket = ran.backend.stack.client("s3"), ran.backend.stack.bucket
    for photo, data in photos().items():
        assert s3.get_object(Bucket=bucket, Key=f"Incoming/{photo}")["Body"].read() == data


def test_the_photos_beside_them_are_done(ran: Ran) -> None:
    assert {ran.records[photo].status for photo in HEALTHY} == {Status.SUCCEEDED}


def test_what_passes_is_not_noticed(ran: Ran) -> None:
    noticed = {p: ran.records.get(p) for p in faulty(passes=True) if ran.records.get(p) is None}
    noticed |= {
        p: ran.records[p] for p in faulty(passes=True) if ran.records[p].status is not Status.SUCCEEDED
    }
    assert noticed == {}


def test_every_record_tells_the_truth(ran: Ran) -> None:
    s3, bucket = ran.backend.stack.client("s3"), ran.backend.stack.bucket
    for photo in ran.records.values():
        here = s3.get_object(Bucket=bucket, Key=f"Thumbnails/{photo.id}")["Body"].read() != b"old"
        if photo.status is Status.SUCCEEDED:
            assert photo.tags == ("Cat",), photo.id
            assert here, photo.id
            assert photo.dimensions == (Dimensions(64, 48) if RENDITION in photo.id else Dimensions(96, 80))
        if photo.status is Status.INCOMPLETE:
            absent = {
                name for name, there in (("tags", photo.tags), ("thumbnail", photo.thumbnail)) if not there
            }
            assert set(photo.missing) == absent, photo.id
        if photo.status in (Status.INCOMPLETE, Status.FAILED):
            fault = fault_of(photo.id)
            assert fault is not None
            assert photo.error is not None, photo.id
            assert photo.error.step == fault.call.function, photo.id
            kind = "ServiceRefusedError" if fault.kind == "denied" else "TransientServiceError"
            if fault.kind == "throttled" and fault.call.function == REKOGNITION:
                kind = "RecognitionThrottledError"
            assert photo.error.name == kind, photo.id
            nobody = fault.kind in ("silent", "reset")
            named = "does not answer" if nobody else fault.call.operation.partition(".")[2]
            assert named in photo.error.cause, photo.id


def test_what_lasts_is_seen_where_it_happened(ran: Ran) -> None:
    for photo, fault in faulty(passes=False).items():
        record, function = ran.records.get(photo), fault.call.function
        if function == START:
            assert photo in ran.undelivered
            # Its execution may have been started, and only that be unknown.
            assert record is None or record.status in (Status.UPLOADED, Status.SUCCEEDED), photo
        elif function == OUTCOME:
            assert record is not None
            assert not record.status.finished, photo
            (told,) = ran.backend.photos.follow([photo], clock=itertools.count(0, 20).__next__)
            assert told.status is Status.FAILED
            assert told.error is not None
            assert "reconcile" in told.error.cause
        else:
            assert record is not None
            expected = Status.FAILED if function in (EXTRACT, STORE) else Status.INCOMPLETE
            assert record.status is expected, photo


def test_retries_are_bounded(ran: Ran) -> None:
    requests = Counter(
        (photo, function, operation) for photo, function, operation, _, kind in ran.calls() if kind
    )
    for photo, fault in faulty(passes=False).items():
        count = requests[photo, fault.call.function, fault.call.operation]
        most = DELIVERIES if fault.call.function == START else TRIES
        assert 1 <= count <= (most // 3 if fault.kind == "denied" else most), (photo, count)
    assert len(list(ran.backend.workbench.executions.all())) <= len(photos()) + len(SITES) * 3


def test_a_bulk_run_goes_on_past_photos_whose_calls_fail(ran: Ran) -> None:
    backend = ran.backend
    faults = {f"bulk/{object_id(fault)}": fault for fault in BULK_FAULTS}
    for photo in faults:
        backend.put(photo, PHOTO)
    for record in backend.ended(*faults).values():
        backend.execution(record)
    seems_to_run = [photo for photo, fault in faults.items() if fault.call == BULK_SITES[-1]]
    for photo in seems_to_run:
        machine, _, _ = str(backend.photos.get(photo).execution_arn).rpartition(":")
        # The gateway finds the fault in the request's text: this name of an execution is its own.
        write(backend, photo, status="PROCESSING", executionArn=f"{machine}:{photo}")
    before = {photo.id: photo.execution_arn for photo in backend.photos.many(faults)}

    bulk = backend.workbench.bulk
    *_, last = bulk.follow(bulk.start(prefix="bulk/"), interval_s=0.2)

    refused = {photo for photo, fault in faults.items() if not fault.passes}
    assert (last.status, last.total, last.failed) == ("SUCCEEDED", len(faults), len(refused))
    after = {photo.id: photo for photo in backend.photos.many(faults)}
    assert {photo for photo, record in after.items() if record.execution_arn == before[photo]} == refused
    assert {after[photo].status for photo in set(faults) - refused} == {Status.SUCCEEDED}
    assert {after[photo].status for photo in refused - set(seems_to_run)} == {Status.SUCCEEDED}
    requests = Counter(
        (photo, operation) for photo, name, operation, _, kind in ran.calls() if name == BEGIN and kind
    )
    assert {operation for _, operation in requests} == {call.operation for call in BULK_SITES}
    assert max(requests.values()) <= TRIES
    assert {backend.photos.read(record) for record in after.values()} == {PHOTO}


def test_once_the_faults_are_over_everything_can_be_finished(ran: Ran) -> None:
    (ran.folder / "lifted").touch()
    known = ran.backend.photos
    assert [one for one in known.reconcile() if isinstance(one, NotRestarted)] == []
    for photo in list(known):
        if photo.status in (Status.FAILED, Status.INCOMPLETE):
            known.retry(photo)
    settle(ran)
    ended = ran.backend.ended(*photos())
    assert {photo: one.status for photo, one in ended.items() if one.status is not Status.SUCCEEDED} == {}
    assert set(ended) == set(photos())
    assert list(known.reconcile()) == []
