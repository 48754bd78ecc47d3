"""What the classroom's notebooks share: requests as they are sent, photos that are watched, exercises."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from imageproc import Album, Photo, Step, Uploaded, UploadFailed, Workbench
from imageproc.core.close_names import nearest
from imageproc.errors import InvalidArgumentError, StackMissingError, TargetError, UploadError
from imageproc.widgets import Cell, DataTable, DeployPanel, FollowPanel, TargetPanel, Tone, show

if TYPE_CHECKING:
    from imageproc.client.faults import FunctionCall

Condition = tuple[Callable[[], object], str]
"""What has to hold, and what is missing if it does not."""

_MOST = 600
_SHOWN_HEADERS = ("X-Amz-Target", "Content-Type", "Content-Length", "Range", "User-Agent")


async def open_stack(stack_name: str, *, faults: bool = False) -> Workbench:
    """Return the workbench of a stack on the local AWS, which is shown, and deployed if it is not there.

    With `faults`, nothing is deployed to a local AWS that takes none: raises TargetError.
    """
    target_panel = TargetPanel(stack_name=stack_name)
    show(target_panel)
    workbench: Workbench = await target_panel.opened()
    if faults:
        _ = workbench.faults
    try:
        _ = workbench.stack.outputs
    except StackMissingError:
        deployment = DeployPanel(workbench)
        show(deployment)
        deployment.deploy_now()
        await deployment.finished(timeout_s=600)
    return workbench


def empty_album(workbench: Workbench, name: str) -> Album:
    """Return a student's album of this name. What an earlier run of a lab left in it is deleted."""
    album = workbench.albums.get_or_create(name, "student")
    if next(iter(workbench.photos.in_album(album)), None) is None:
        return album
    workbench.albums.delete(album, forget=True)
    return workbench.albums.get_or_create(name, "student")


class RequestLog:
    """The requests of a workbench's clients, by a hook of boto3's: whatever is sent from now on.

    https://boto3.amazonaws.com/v1/documentation/api/latest/guide/events.html
    """

    def __init__(self, workbench: Workbench) -> None:
        """Hook into the clients that this workbench has not made yet."""
        self.requests: list[tuple[str, str, str, str]] = []
        """Service and operation; method and path; headers; body. The signature is left out."""
        events: Any = workbench.target.session.events
        events.register("before-send", self._add)

    def table(self) -> DataTable:
        """Return what was sent so far."""
        columns = ("Operation", "Request", "Headers", "Body")
        return DataTable(columns, self.requests, caption="Requests of this notebook")

    def _add(self, request: Any, event_name: str, **_: Any) -> None:
        url = urlsplit(request.url)
        path = f"{request.method} {url.path}{f'?{url.query}' if url.query else ''}"
        headers = {name: request.headers[name] for name in _SHOWN_HEADERS if name in request.headers}
        named = "\n".join(f"{name}: {_text(value)}" for name, value in headers.items())
        self.requests.append((event_name.partition(".")[2], path, named, _text(request.body)))


def _text(body: Any) -> str:
    """Return a request's text; of a photo, which is a file or bytes, only that it is one."""
    if isinstance(body, bytes):
        try:
            body = body.decode()
        except UnicodeDecodeError:
            return f"{len(body):,} bytes"
    return body[:_MOST] if isinstance(body, str) else "" if body is None else "the photo"


def calls_table(calls: Iterable[FunctionCall]) -> DataTable:
    """Return requests of functions as a table: what was asked, and how it was answered."""
    rows = (
        (one.step, one.operation, _short(one.asked), Cell(one.fault or str(one.status or ""), _tone(one)))
        for one in calls
    )
    return DataTable(("Step", "Request", "Asked", "Answer"), rows, caption="Requests of the functions")


def _tone(call: FunctionCall) -> Tone:
    return Tone.ERROR if call.fault else Tone.INFO


def steps_table(steps: Iterable[Step]) -> DataTable:
    """Return the steps of an execution as a table, with input and output as JSON."""
    columns = ("State", "Type", "Status", "Retries", "Error", "Input", "Output")
    rows = (
        (
            *(step.name, step.type, str(step.status), str(step.retries), step.error or ""),
            *(_json(step.input), _json(step.output)),
        )
        for step in steps
    )
    return DataTable(columns, rows, caption="Steps")


def _json(value: Any) -> str:
    return "" if value is None else _short(json.dumps(value, indent=1))


def _short(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"


def record_text(photo: Photo) -> str:
    """Return a photo's record as JSON, as the table has it; of bytes, how many there are."""
    return json.dumps(dict(photo.attributes), indent=2, default=_in_words)


def _in_words(value: Any) -> str:
    data = getattr(value, "value", value)  # boto3's Binary has its bytes there
    return f"{len(data):,} bytes" if isinstance(data, bytes) else str(value)


def send(workbench: Workbench, album: Album, path: Path) -> Uploaded:
    """Upload one photo, even if it is there, and return it without waiting. Raises UploadError."""
    for event in workbench.uploads.upload([path], album, again=True, check=False):
        if isinstance(event, Uploaded):
            return event
        if isinstance(event, UploadFailed):
            raise UploadError(event.cause)
    raise UploadError(f"{path} was refused.")


async def process(workbench: Workbench, album: Album, path: Path, timeout_s: float = 120) -> Photo:
    """Upload one photo, show what becomes of it while it happens, and return it at its end."""
    return await watch(workbench, send(workbench, album, path), timeout_s)


async def watch(workbench: Workbench, photo: Uploaded | str, timeout_s: float = 120) -> Photo:
    """Show what becomes of a photo that is being processed, and return it at its end."""
    photo_id = photo if isinstance(photo, str) else photo.file.photo_id
    panel = FollowPanel(workbench)
    show(panel)
    panel.follow_existing([photo]) if isinstance(photo, str) else panel.add(photo)
    await panel.finished(timeout_s)
    return workbench.photos.get(photo_id)


async def until(condition: Callable[[], object], timeout_s: float = 60) -> None:
    """Wait until this holds. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(f"Still not so after {timeout_s:.0f} s.")
        await asyncio.sleep(0.3)


def poisoned_photo() -> Path:
    """Write a JPEG of 200 bytes that says of itself that it has 60,000 × 60,000 pixels."""
    side = (60_000).to_bytes(2, "big")
    start_of_frame = b"\xff\xc0\x00\x11\x08" + side + side + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    path = Path(tempfile.mkdtemp(prefix="imageproc-poisoned-")) / "poisoned.jpg"
    path.write_bytes((b"\xff\xd8" + start_of_frame).ljust(200, b"\0"))
    return path


def check(number: int, *conditions: Condition) -> bool:
    """Say of an exercise that it is done, or what is missing first; return whether it is done.

    A condition that raises does not hold: what it looks at is not there yet.
    """
    for holds, missing in conditions:
        try:
            done = bool(holds())
        except Exception:  # noqa: BLE001 - whatever a half-finished exercise makes it raise
            done = False
        if not done:
            print(f"Exercise {number}: not yet. {missing}")  # noqa: T201 - a cell's output
            return False
    print(f"Exercise {number}: done.")  # noqa: T201
    return True


class RolePolicy:
    """The policy of a function's role on the local AWS, whose statements are removed and put back."""

    def __init__(self, workbench: Workbench, function: str) -> None:
        """Read the policy of a function, `GenerateThumbnail` say.

        Raises TargetError on AWS, and if the stack has no such function.
        """
        if not workbench.target.is_local:
            raise TargetError("Roles on AWS are not for playing with.", "Use the local AWS.")
        try:
            resource = workbench.target.client("cloudformation").describe_stack_resource(
                StackName=workbench.stack.name, LogicalResourceId=f"{function}Role"
            )
        except ClientError as error:
            cause = f"The stack {workbench.stack.name} has no {function} with a role of its own."
            raise TargetError(cause, "Deploy what has it: run the lab from its top.") from error
        role = resource["StackResourceDetail"]["PhysicalResourceId"]
        self._iam = workbench.target.client("iam")
        self._named = {"RoleName": role, "PolicyName": function}
        self._original = self._iam.get_role_policy(**self._named)["PolicyDocument"]

    @property
    def statements(self) -> dict[str, Any]:
        """What the role may do now, by the statements' Sid."""
        now = self._iam.get_role_policy(**self._named)["PolicyDocument"]
        return {one["Sid"]: one for one in now["Statement"]}

    def remove(self, sid: str) -> None:
        """Take a statement away. Raises InvalidArgumentError if there is none of that Sid."""
        left = self.statements
        if sid not in left:
            raise InvalidArgumentError(f"The policy has no statement {sid!r}.", nearest(sid, left))
        del left[sid]
        self._put(list(left.values()))

    def restore(self) -> None:
        """Put back what the role might do when this object was made."""
        self._put(self._original["Statement"])

    def _put(self, statements: list[Any]) -> None:
        document = {**self._original, "Statement": statements}
        self._iam.put_role_policy(**self._named, PolicyDocument=json.dumps(document))
