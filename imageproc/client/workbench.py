"""The workbench: one object for a target and a stack in it, from deploying to cleaning up.

>>> workbench = Workbench.open()  # doctest: +SKIP
>>> workbench.deploy()  # doctest: +SKIP
>>> for photo in workbench.process(["cat.jpg"], user="ann", album="Cats"):  # doctest: +SKIP
...     print(photo.status, photo.tags)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from imageproc.client.albums import Album, Albums
from imageproc.client.dead_letters import DeadLetters
from imageproc.client.errors import UploadError
from imageproc.client.executions import Executions
from imageproc.client.logs import Logs
from imageproc.client.operations import Operations
from imageproc.client.photos import Photo, Photos
from imageproc.client.spending import of_photos, of_stack
from imageproc.client.stack import Stack
from imageproc.client.target import DEFAULT_STACK, LOCAL, Target, open_target
from imageproc.client.uploads import (
    Failed,
    Refused,
    Sent,
    Upload,
    UploadEvent,
    Uploads,
    check_name,
    find_files,
    prepare,
)
from imageproc.client.waiting import Cancellation
from imageproc.costs import Estimate
from imageproc.deployment import packaging, sweep
from imageproc.deployment.apply import apply
from imageproc.deployment.events import Deployed, Event, always, ignore
from imageproc.deployment.inventory import Inventory, inventory
from imageproc.deployment.packaging import BuildTarget
from imageproc.deployment.plan import Plan, Request, discard, plan


class Workbench:
    """A target and one stack in it. Nothing is asked of AWS before it is needed.

    Everything that waits takes a `Cancellation`; calling it off ends the wait with Cancelled, and what AWS
    has begun goes on.
    """

    def __init__(self, target: Target, stack_name: str = DEFAULT_STACK) -> None:
        """Work with the stack of this name, which need not exist yet."""
        self.target = target
        self.stack_name = stack_name
        self._stack: Stack | None = None

    @classmethod
    def open(
        cls,
        target: str | None = None,
        *,
        profile: str | None = None,
        region: str | None = None,
        stack_name: str = DEFAULT_STACK,
        notify: Callable[[str], None] = lambda _: None,
    ) -> Workbench:
        """Open `local`, which is started unless it runs, or `aws`; by default what `IMAGEPROC_TARGET` says.

        Raises TargetError, AwsError, LocalAwsError if the local AWS does not start.
        """
        chosen = target or os.environ.get("IMAGEPROC_TARGET") or LOCAL
        if chosen == LOCAL:
            start_local(notify)
        return cls(open_target(chosen, profile or None, region or None), stack_name)

    @property
    def stack(self) -> Stack:
        """The deployed stack. Raises StackMissingError if it is not deployed, TargetError, AwsError."""
        if self._stack is None:
            self._stack = Stack.connect(self.target, self.stack_name)
        return self._stack

    @property
    def albums(self) -> Albums:
        """The albums."""
        return Albums(self.stack)

    @property
    def photos(self) -> Photos:
        """The photos' records."""
        return Photos(self.stack)

    @property
    def executions(self) -> Executions:
        """The executions, their steps, and the state machine's definition."""
        return Executions(self.stack)

    @property
    def logs(self) -> Logs:
        """What was logged of a photo's run."""
        return Logs(self.stack)

    @property
    def dead_letters(self) -> DeadLetters:
        """The events of uploads whose processing could not be started."""
        return DeadLetters(self.stack)

    @property
    def operations(self) -> Operations:
        """What an operator does: retrying, reprocessing, reconciling."""
        return Operations(self.stack)

    def plan(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        artifacts_bucket: str | None = None,
        repair: bool = True,
        confirm: Callable[[str], bool] = always,
        notify: Callable[[Event], None] = ignore,
        cancellation: Cancellation | None = None,
    ) -> Plan:
        """Return what a deployment would change; see `imageproc.deployment.plan` for what the options mean.

        Guests may use the test client of a local stack that is made now (TestClientAccess=Enabled).
        """
        initial = {"TestClientAccess": "Enabled"} if self.target.is_local else {}
        request = Request(
            self.stack_name, _build_target(self.target), parameters or {}, artifacts_bucket, initial=initial
        )
        sleep = (cancellation or Cancellation()).sleep
        return plan(
            self.target, request, wait=True, repair=repair, confirm=confirm, notify=notify, sleep=sleep
        )

    def apply(self, planned: Plan, *, cancellation: Cancellation | None = None) -> Iterator[Event]:
        """Deploy what was planned, and yield CloudFormation's events; at last `Deployed`.

        Raises DeploymentFailed, PlanStaleError, AwsError, Cancelled.
        """
        self._stack = None
        yield from apply(self.target, planned, sleep=(cancellation or Cancellation()).sleep)

    def discard(self, planned: Plan) -> None:
        """Forget a plan, and remove what planning made."""
        discard(self.target, planned)

    def deploy(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        notify: Callable[[Event], None] = ignore,
        cancellation: Cancellation | None = None,
    ) -> Deployed:
        """Plan and apply without asking; `notify` is told of each event. Raises as `plan` and `apply` do."""
        planned = self.plan(parameters, notify=notify, cancellation=cancellation)
        for event in self.apply(planned, cancellation=cancellation):
            notify(event)
            if isinstance(event, Deployed):
                return event
        raise AssertionError("a deployment ends with Deployed or raises")

    def cost(
        self,
        photos: int = 1000,
        *,
        album: Album | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Estimate:
        """Return what so many photos, or an album's, cost on AWS: an estimate, also on the local AWS.

        The stack's parameters count, and these before them. Raises AwsError, ValueError for fewer than 0.
        """
        if album:
            return of_photos(self.target, self.stack_name, self.photos.in_album(album.id))
        return of_stack(self.target, self.stack_name, photos, parameters or {})

    def inventory(self) -> Inventory:
        """Return all that belongs to the stack, and what is left of earlier ones."""
        return inventory(self.target, self.stack_name)

    def destroy(
        self, *, delete_data: bool | None = None, cancellation: Cancellation | None = None
    ) -> Iterator[Event]:
        """Remove the stack and all that belongs to it, and yield each step; at last `Swept`.

        See `imageproc.deployment.destroy`. Called off, it is finished by calling it again.
        """
        self._stack = None
        sleep = (cancellation or Cancellation()).sleep
        yield from sweep.destroy(self.target, self.stack_name, delete_data=delete_data, sleep=sleep)

    def prepare(
        self,
        paths: Iterable[Path | str],
        album: Album,
        *,
        check: bool = True,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Upload | Refused]:
        """Look at files and folders before they are sent, and yield each file; the same contents once.

        With `check=False` files that are no photos go, too, and the pipeline rejects them. Raises UploadError
        if there is nothing at a path, or no file at all; Cancelled.
        """
        seen: set[str] = set()
        files = list(find_files(Path(path).expanduser() for path in paths))
        if not files:
            raise UploadError("There are no files in these folders: name files, or folders that hold some.")
        for path in files:
            if cancellation:
                cancellation.check()
            found = path if isinstance(path, Refused) else prepare(path, album.id, check=check)
            if isinstance(found, Refused):
                yield found
            elif found.object_id not in seen:
                seen.add(found.object_id)
                yield found

    def upload(
        self,
        paths: Iterable[Path | str],
        album: Album,
        *,
        again: bool = False,
        check: bool = True,
        cancellation: Cancellation | None = None,
    ) -> Iterator[UploadEvent | Refused]:
        """Prepare files and folders, send them into an album, and yield what happens as it happens.

        Every file ends with one Refused, Sent or Failed. A file that is there already is not sent, unless
        `again`. Raises as `prepare` does, and AwsError.
        """
        ready: list[Upload] = []
        for found in self.prepare(paths, album, check=check, cancellation=cancellation):
            if isinstance(found, Refused):
                yield found
            else:
                ready.append(found)
        uploads = Uploads(self.stack, album.user, album.id)
        yield from uploads.send(ready, again=again, cancellation=cancellation)

    def follow(
        self,
        sent: Iterable[Sent],
        *,
        timeout_s: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Photo]:
        """Yield each uploaded photo whenever its status has changed, until all are finished.

        Raises TimeoutError, AwsError, Cancelled; the photos go on nevertheless.
        """
        versions = {one.upload.object_id: one.version for one in sent}
        return self.photos.follow(
            versions,
            versions=versions,
            timeout_s=timeout_s,
            sleep=(cancellation or Cancellation()).sleep,
        )

    def process(
        self,
        paths: Iterable[Path | str],
        *,
        user: str,
        album: str,
        again: bool = False,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Photo]:
        """Upload files and folders, and yield each photo when it is finished.

        Raises UploadError for the first file that cannot be sent, after the others are; TimeoutError,
        AwsError, Cancelled.
        """
        place = self.albums.named(check_name(user), album)
        events = list(self.upload(paths, place, again=again, cancellation=cancellation))
        sent = [event for event in events if isinstance(event, Sent)]
        for photo in self.follow(sent, cancellation=cancellation):
            if photo.status.finished:
                yield photo
        for event in events:
            if isinstance(event, Refused):
                raise UploadError(f"{event.path}: {event.cause}")
            if isinstance(event, Failed):
                raise UploadError(f"{event.upload.path}: {event.cause}")

    def __repr__(self) -> str:
        """Return one line for people."""
        return f"<Workbench: stack {self.stack_name} in {self.target}>"


def start_local(notify: Callable[[str], None] = lambda _: None) -> None:
    """Start the local AWS unless it runs. Raises TargetError if it is not installed, LocalAwsError."""
    from imageproc.client.target import local_aws

    local_aws().start(progress=notify)


def _build_target(target: Target) -> BuildTarget:
    """Return what the functions are built for on this target."""
    if not target.is_local:
        return packaging.AWS
    from imageproc.local import runtime_bootstrap

    return packaging.local_target(runtime_bootstrap())
