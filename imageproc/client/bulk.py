"""Processing many photos, side by side within a limit: the bulk state machine.

A Distributed Map (`cloudformation/bulk-processing.asl.json`) reads a list of originals that is written here
(`PhotoList`), and runs the photos' own state machine for each, those without a record too. How many at a time
and how many failures it tolerates are parameters of the stack. The same definition runs on AWS and on the
local AWS.

Where workflows are Express, photos are processed in batches, and a Map Run counts all photos of a batch as
succeeded or all as failed. By how much that is wrong stands in an item of the run in the ImageMetadata table.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from imageproc.aws import items
from imageproc.aws.translation import error_code, translated
from imageproc.client.executions import Execution, execution_of
from imageproc.client.photo_list import PhotoList
from imageproc.client.photos.processing import require_embeddings
from imageproc.client.resource import StackResource
from imageproc.core.attributes import FAILED_PHOTOS, IMAGE_ID
from imageproc.core.changes import run_item_id
from imageproc.core.keys import (
    INCOMING_PREFIX,
    bulk_list_key,
    execution_arn,
    execution_name_of,
    is_original,
)
from imageproc.core.parts import parse_parts
from imageproc.errors import PhotoNotFoundError, TargetError

READS_LIST = '"$.list"'
"""By this path a definition takes the list's key from the run's input; older ones listed the bucket."""


@dataclass(frozen=True)
class BulkProgress:
    """How far a bulk run has come. A photo that was rejected or needed nothing counts as done."""

    arn: str
    status: str
    """RUNNING, SUCCEEDED, FAILED (more failures than it tolerates), TIMED_OUT or ABORTED."""
    total: int
    """Photos found so far."""
    done: int
    failed: int
    running: int
    cause: str = ""
    """Why it failed."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.status != "RUNNING"


class BulkRuns(StackResource):
    """The bulk runs of a stack."""

    def start(
        self,
        only: Iterable[str] = (),
        prefix: str = "",
        *,
        listed: Callable[[int], object] = lambda _: None,
    ) -> str:
        """Start processing all photos whose object IDs begin with `prefix`; return the run's ARN.

        They are listed first, a second or so for each 10,000; `listed` is told how many were found so far.
        `only` names the parts to make (`Part`); all if it is empty, and all of photos that were never
        processed to their end. Raises InvalidArgumentError for anything but a part, and for
        embeddings alone where the stack makes none, PhotoNotFoundError if there are no such photos,
        TargetError if the stack has no bulk state machine or one that reads no lists, AwsError.
        """
        require_embeddings(self._stack, only)
        parts = parse_parts(only)
        self.require_lists()
        pages = self._stack.client("s3").get_paginator("list_objects_v2")
        with PhotoList() as photos:
            with translated("Listing the photos"):
                for page in pages.paginate(Bucket=self._stack.bucket, Prefix=INCOMING_PREFIX + prefix):
                    for one in page.get("Contents", ()):
                        if is_original(one["Key"]):
                            photos.add(one["Key"])
                    listed(photos.count)
            if not photos.count:
                of = f" whose IDs begin with {prefix}" if prefix else ""
                raise PhotoNotFoundError(
                    f"There are no photos{of} in the stack {self._stack.name}.", "Upload some first."
                )
            return self._start(photos, parts, again=True)

    def start_listed(self, photos: PhotoList, only: Iterable[str] = (), *, again: bool = True) -> str:
        """Start processing the photos of a list that is not empty; return the run's ARN.

        With `again=False` those are left out whose newest version has been processed by the time it is their
        turn, whatever came of it. Raises as `start` does.
        """
        self.require_lists()
        return self._start(photos, parse_parts(only), again=again)

    def require_lists(self) -> None:
        """Raise TargetError if the bulk state machine reads no lists: that of an older template. AwsError."""
        with translated("Reading the bulk state machine's definition"):
            described = self._stepfunctions.describe_state_machine(stateMachineArn=self._machine)
        if READS_LIST not in described["definition"]:
            raise TargetError(
                f"The bulk state machine of the stack {self._stack.name} reads no list of photos: an older "
                "version deployed it.",
                "Deploy it again (imageproc deploy), then repeat this.",
            )

    def runs(self) -> Iterator[Execution]:
        """Yield the bulk runs, the newest first."""
        pages = self._stepfunctions.get_paginator("list_executions")
        with translated("Listing the bulk runs"):
            for page in pages.paginate(stateMachineArn=self._machine):
                yield from map(execution_of, page["executions"])

    def progress(self, arn: str) -> BulkProgress:
        """Return how far a bulk run has come."""
        with translated("Reading the bulk run"):
            # Its status first: the counts are then at least as new.
            run = self._stepfunctions.describe_execution(executionArn=arn)
            counts = self._counts(arn)
        more = self._failed_besides(arn)
        lost = ("failed", "timedOut", "aborted")
        return BulkProgress(
            arn=arn,
            status=run["status"],
            total=counts.get("total", 0),
            done=max(0, counts.get("succeeded", 0) - more),
            failed=max(0, sum(counts.get(name, 0) for name in lost) + more),
            running=counts.get("running", 0),
            cause=run.get("cause") or run.get("error") or "",
        )

    def follow(
        self, arn: str, *, interval_s: float = 2.0, sleep: Callable[[float], object] = time.sleep
    ) -> Iterator[BulkProgress]:
        """Yield how far a bulk run has come, whenever that has changed, until it has ended."""
        last: BulkProgress | None = None
        while last is None or not last.finished:
            current = self.progress(arn)
            if current != last:
                yield current
                last = current
            if not current.finished:
                sleep(interval_s)

    def stop(self, arn: str) -> None:
        """Stop a bulk run that runs: no further photos are begun. `reconcile` finishes those cut off."""
        with translated("Stopping the bulk run"):
            try:
                self._stepfunctions.stop_execution(executionArn=arn, cause="stopped by an operator")
            except ClientError as error:
                # It may have ended just before.
                if error_code(error) != "ValidationException" or not self.progress(arn).finished:
                    raise

    def _start(self, photos: PhotoList, only: Sequence[str], *, again: bool) -> str:
        # A name of its own, so that a request that is repeated because its answer was lost starts no second.
        name = f"bulk-{secrets.token_hex(8)}"
        key = bulk_list_key(name)
        with translated("Writing the list of photos"):
            photos.put(self._stack, key)
        state = {"list": key, "only": list(only), "again": again}
        with translated("Starting the bulk run"):
            try:
                self._stepfunctions.start_execution(
                    stateMachineArn=self._machine, name=name, input=json.dumps(state)
                )
            except ClientError as error:
                # Nobody else knows the name: the first request has started it, and it has ended.
                if error_code(error) != "ExecutionAlreadyExists":
                    raise
        return execution_arn(self._machine, name)

    @property
    def _machine(self) -> str:
        return self._stack.bulk_state_machine_arn

    @property
    def _stepfunctions(self) -> Any:
        return self._stack.client("stepfunctions")

    def _counts(self, arn: str) -> dict[str, Any]:
        """Return the Map Run's counts of photos; none while it has not begun."""
        runs = self._stepfunctions.list_map_runs(executionArn=arn)["mapRuns"]
        if not runs:
            return {}
        described = self._stepfunctions.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
        return dict(described["itemCounts"])

    def _failed_besides(self, arn: str) -> int:
        """Return how many photos failed in batches that succeeded, less those done in batches that failed."""
        key = {IMAGE_ID: run_item_id(execution_name_of(arn))}
        found = items.get(self._stack.client("dynamodb"), self._stack.image_table, key)
        return int((found or {}).get(FAILED_PHOTOS, 0))
