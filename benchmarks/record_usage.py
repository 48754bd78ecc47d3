"""Counts what photos make AWS do, on a local AWS of its own, and writes imageproc/costs/usage.json.

python -m benchmarks.record_usage

Photos run one after the other. Exact are the entered states, the invocations, and the requests that the
functions make: the local AWS writes down each that a policy decides about. DynamoDB's units come from the
records' sizes by AWS's rules, log bytes from the local log groups, CPU from the handlers alone
(`benchmarks.invocation`).
"""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks import photos
from benchmarks.cold_start import FUNCTIONS, invoked
from benchmarks.figures import machine
from imageproc.client.stack import Stack
from imageproc.client.target import LOCAL, Target
from imageproc.client.workbench import Workbench
from imageproc.core.attributes import (
    ALBUM_ID,
    CHANGE_SHARD,
    CHANGE_TIME,
    EXECUTION_ARN,
    FILE_SIZE,
    IMAGE_ID,
    METADATA_ATTRIBUTES,
    S3_KEY,
    SEQUENCER,
    STATUS,
    UPLOAD_TIME,
    USER_ID,
    VERSION_ID,
)
from imageproc.local import LocalAws
from imageproc.local.ministack_adapter.access import SWITCH

FILE = Path(__file__).parents[1] / "imageproc" / "costs" / "usage.json"

SOURCE = "usage-source"
"""A bucket that the stack may read."""

_COUNT = 20
_SECONDS = 120.0
_CLAIMED = {
    *(IMAGE_ID, S3_KEY, SEQUENCER, STATUS, FILE_SIZE, USER_ID, ALBUM_ID, UPLOAD_TIME, VERSION_ID),
    *(CHANGE_SHARD, CHANGE_TIME),
}
_STATUS_WRITERS = ("ImageProcStartExecution", "StoreImageMetadata", "RecordOutcome")
_LOG_EVENT_BYTES = 26
"""CloudWatch adds these to each event:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html"""


@dataclass(frozen=True)
class Run:
    """What one photo made the local AWS do."""

    states: Counter[str]
    calls: dict[str, Counter[str]]
    """Requests by function and IAM action."""
    record: Mapping[str, Any]
    """As DynamoDB holds it."""
    write_units: float


class Recorder:
    """A stack on a local AWS that writes down its functions' requests."""

    def __init__(self, workbench: Workbench, access: Path) -> None:
        """Count in this workbench's stack, whose local AWS writes its requests to `access`."""
        self.workbench = workbench
        self.stack = workbench.stack
        self._access = access
        self._number = 0

    def run(self, data: bytes, user: str = "ann", album: str = "recorded") -> Run:
        """Upload a file as a photo, wait until its execution has ended, and count. Raises TimeoutError."""
        self._number += 1
        photo_id = f"{self._number}.jpg"
        before = len(self._lines())
        self.stack.client("s3").put_object(
            Bucket=self.stack.bucket,
            Key=f"Incoming/{photo_id}",
            Body=data,
            Metadata={"userid": user, "albumid": album},
        )
        arn = self._ended(photo_id)
        calls = self._calls_since(before)
        item = self.stack.client("dynamodb").get_item(
            TableName=self.stack.image_table, Key={IMAGE_ID: {"S": photo_id}}, ConsistentRead=True
        )["Item"]
        states = Counter(step.name for step in self.workbench.executions.steps(arn))
        return Run(states, calls, item, write_units(item, calls))

    def again(self) -> dict[str, Counter[str]]:
        """Process the last photo again in a bulk run, and return the functions' requests."""
        before, bulk = len(self._lines()), self.workbench.bulk
        *_, last = bulk.follow(bulk.start(prefix=f"{self._number}.jpg"), interval_s=0.1)
        if last.done != 1:
            raise RuntimeError(f"the photo was not processed again: {last}")
        return self._calls_since(before)

    def in_place(self, data: bytes) -> dict[str, Counter[str]]:
        """Import a photo in place, and return the functions' requests. Raises RuntimeError, TimeoutError."""
        before, s3 = len(self._lines()), self.stack.client("s3")
        s3.create_bucket(Bucket=SOURCE)
        s3.put_object(Bucket=SOURCE, Key="photo.jpg", Body=data)
        imports, runs = self.workbench.imports, list[str]()
        list(imports.run(imports.plan(f"s3://{SOURCE}", in_place=True), on_bulk_run=runs.append))
        *_, last = self.workbench.bulk.follow(runs[0], interval_s=0.1)
        if last.done != 1:
            raise RuntimeError(f"the photo was not processed: {last}")
        deadline = time.monotonic() + _SECONDS
        while "ImageProcStartExecution" not in self._calls_since(before):
            if time.monotonic() > deadline:
                raise TimeoutError("the pointer's event does not come")
            time.sleep(0.1)
        return self._calls_since(before)

    def log_bytes(self) -> int:
        """Return what CloudWatch would charge for the functions' logs so far, in bytes."""
        logs, prefix = self.stack.client("logs"), f"/aws/lambda/{self.stack.name}-"
        groups = logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        pages = (
            page
            for group in groups
            for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        )
        return sum(
            len(event["message"].encode()) + _LOG_EVENT_BYTES for page in pages for event in page["events"]
        )

    def _ended(self, photo_id: str) -> str:
        client, deadline = self.stack.client("stepfunctions"), time.monotonic() + _SECONDS
        (photo,) = [
            one for one in self.workbench.photos.follow([photo_id], timeout_s=_SECONDS) if one.status.finished
        ]
        arn = photo.execution_arn or photo.refresh().execution_arn or ""
        while client.describe_execution(executionArn=arn)["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise TimeoutError(f"the execution of {photo_id} does not end")
            time.sleep(0.05)
        return arn

    def _calls_since(self, line: int) -> dict[str, Counter[str]]:
        return _by_function(self.stack.name, self._lines()[line:])

    def _lines(self) -> list[str]:
        return self._access.read_text().splitlines() if self._access.exists() else []


def write_units(item: Mapping[str, Any], calls: Mapping[str, Counter[str]]) -> float:
    """Return the units of a record's writes: 1 for each KB begun, in the table and again in the album index.

    A write of the status also replaces the entry in the change index: 2, and 1 the first time.
    The record grows from write to write: claimed, started, with metadata, then with what the branches and the
    end add. The sizes of the last ones are taken for the whole record's, which is the most that they can be.
    A turn to ask Rekognition is one unit, in a table without an index.
    """
    turns = calls.get("Rekognition", Counter())["dynamodb:UpdateItem"]
    claimed = {name: value for name, value in item.items() if name in _CLAIMED}
    started = claimed | {name: value for name, value in item.items() if name == EXECUTION_ARN}
    described = started | {name: value for name, value in item.items() if name in METADATA_ATTRIBUTES}
    writes = sum(
        many
        for counted in calls.values()
        for action, many in counted.items()
        if action == "dynamodb:UpdateItem"
    )
    writes -= turns
    known = [claimed, started] + [described] * (calls.get("StoreImageMetadata") is not None)
    sizes = [item_bytes(one) for one in known] + [item_bytes(item)] * (writes - len(known))
    stamped = sum(calls.get(function) is not None for function in _STATUS_WRITERS)
    return turns + 2 * sum(math.ceil(size / 1024) for size in sizes) + 2 * stamped - 1


def item_bytes(item: Mapping[str, Any]) -> int:
    """Return an item's size as DynamoDB counts it, from its typed form.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return len(held.strip("-0.").replace(".", "")) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in held)
    if kind == "M":
        return 3 + len(held) + item_bytes(held)
    return 1


def _by_function(stack: str, lines: Iterable[str]) -> dict[str, Counter[str]]:
    """Return requests by function and action. A function's session has its name, a machine's its role's."""
    found: dict[str, Counter[str]] = {}
    for entry in map(json.loads, lines):
        _, role, session = entry["principal"].rsplit("/", 2)
        if session != role and session.startswith(f"{stack}-"):
            found.setdefault(session.removeprefix(f"{stack}-"), Counter())[entry["action"]] += 1
    return found


def chosen() -> list[bytes]:
    """Return the photos that are counted: of the corpus, evenly, or generated ones; two of them as PNG."""
    found = list(photos.corpus()) or [photos.generated()] * _COUNT
    some = found[:: max(1, len(found) // _COUNT)][:_COUNT]
    return [*some, *(_as_png(data) for data in some[:2])]


def _as_png(data: bytes) -> bytes:
    output = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.save(output, "PNG")
    return output.getvalue()


def averaged(runs: list[Run], log_bytes: float, thumbnail_bytes: float, reads: float) -> dict[str, Any]:
    """Return the data of `imageproc.costs.designs.PhotoUse` for runs."""
    many = len(runs)
    states = sum((run.states for run in runs), Counter[str]())
    names = list(dict.fromkeys(name for run in runs for name in run.calls))
    return {
        "transitions": {name: round(count / many, 3) for name, count in states.items()},
        "functions": {name: _function(name, runs) for name in names},
        "write_units": round(sum(run.write_units for run in runs) / many, 2),
        "read_units": reads,
        "log_bytes": round(log_bytes / many),
        "record_bytes": round(sum(item_bytes(run.record) for run in runs) / many),
        "thumbnail_bytes": round(thumbnail_bytes / many),
    }


def _function(name: str, runs: list[Run]) -> dict[str, Any]:
    (function,) = [one for one in FUNCTIONS if one.name == name]
    counted = sum((run.calls.get(name, Counter()) for run in runs), Counter[str]())
    took = invoked(function)
    return {
        "invocations": 1,
        "memory_mb": function.memory,
        "cpu_ms": round(took.warm, 2),
        "init_ms": round(took.start, 1),
        "downloads": 1 if name == "GenerateThumbnail" else 0,
        "calls": {action: round(count / len(runs), 3) for action, count in sorted(counted.items())},
    }


def start(state_dir: Path, name: str = "usage", *, similarity: bool = False) -> tuple[LocalAws, Recorder]:
    """Start a local AWS that writes requests down, with a stack; the caller resets it."""
    before = os.environ.get(SWITCH)
    os.environ[SWITCH] = "on"
    try:
        local = LocalAws(state_dir)
        status = local.start()
    finally:
        os.environ.pop(SWITCH) if before is None else os.environ.update({SWITCH: before})
    workbench = Workbench(Target(LOCAL, status.session(), status.endpoint), name)
    workbench.deploy(
        {
            "Similarity": "Enabled" if similarity else "Disabled",
            "SourceBucket": SOURCE,
            "TestClientAccess": "Disabled",
        }
    )
    return local, Recorder(workbench, state_dir / "access.jsonl")


def record(recorder: Recorder) -> dict[str, Any]:
    """Run photos and a file that is none, and return the data of `usage.json`."""
    files = chosen()
    quiet = recorder.log_bytes()
    # Of photos that Rekognition takes as they are: a rendition is made of few.
    runs = [run for run in map(recorder.run, files) if "RekognitionOfRendition" not in run.calls]
    logged = recorder.log_bytes()
    thumbnails = sum(one["Size"] for one in _thumbnails(recorder.stack))
    rejected = [recorder.run(b"no photo")]
    return {
        "what": "Counted on the local AWS by benchmarks/record_usage.py; cpu_ms and init_ms are proxies.",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": machine(),
        "photos": len(files),
        "megabytes": round(sum(map(len, files)) / len(files) / 1e6, 2),
        "architecture": "arm64",
        "recovery": True,
        "managed_key": True,
        "standing": {},
        "photo": averaged(runs, logged - quiet, thumbnails, 0),
        "rejected": averaged(rejected, recorder.log_bytes() - logged, 0, 0),
    }


def _thumbnails(stack: Stack) -> list[Any]:
    listed = stack.client("s3").list_objects_v2(Bucket=stack.bucket, Prefix="Thumbnails/")
    return list(listed.get("Contents", ()))


def main() -> None:
    """Run it."""
    with tempfile.TemporaryDirectory(prefix="imageproc-usage-") as folder:
        local, recorder = start(Path(folder) / "state")
        try:
            known = json.loads(FILE.read_text())  # an embedding's is counted by the tests, and measured apart
            FILE.write_text(json.dumps({**known, **record(recorder)}, indent=2) + "\n")
        finally:
            local.reset()
    print(FILE)


if __name__ == "__main__":
    main()
