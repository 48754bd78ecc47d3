"""What the follow panel shows of a photo's three stages and of an execution's steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from imageproc import FollowedPhoto, Status, Step, StepStatus
from imageproc.client.photos.failures import retriable
from imageproc.core.record import StepError
from imageproc.core.record_codec import error_attribute
from imageproc.presentation.facts import TRUNCATED
from imageproc.widgets.panels.photo_actions import FORGET, RETRY
from imageproc.widgets.panels.photo_views import PHOTO_TONES
from imageproc.widgets.parts.data_table import Cell
from imageproc.widgets.parts.execution_list import ExecutionRow
from imageproc.widgets.parts.state_graph.machine import parse
from imageproc.widgets.tones import Tone

COLUMNS = ["Photo", "Uploaded", "Execution started", "Completed"]

STEP_TONES = {
    StepStatus.SUCCEEDED: Tone.SUCCESS,
    StepStatus.RUNNING: Tone.RUNNING,
    StepStatus.CAUGHT: Tone.WARNING,
    StepStatus.FAILED: Tone.ERROR,
    StepStatus.ABORTED: Tone.WARNING,
}


def row(followed: FollowedPhoto, console_url: str | None) -> ExecutionRow:
    """Return a photo's row."""
    stages = [_uploaded(followed), _started(followed, console_url), _completed(followed)]
    picture = followed.finished and bool(followed.photo and followed.photo.thumbnail_key)
    return ExecutionRow(followed.photo_id, followed.name, stages, picture, _actions(followed))


def _actions(followed: FollowedPhoto) -> list[str]:
    """Return what can be done about a photo that needs attention, by names; a retry only if it may help."""
    if not followed.failed:
        return []
    may_help = followed.photo is not None and bool(retriable([followed.photo], (), None))
    return [RETRY.name, FORGET.name] if may_help else [FORGET.name]


def _uploaded(followed: FollowedPhoto) -> Cell:
    if followed.lost:
        return Cell("no record of this photo", Tone.ERROR)
    if not followed.uploaded:
        return Cell("not known yet", Tone.WAITING)
    time = clock(datetime.fromtimestamp(followed.uploaded).astimezone())
    return Cell(time, Tone.SUCCESS, code=followed.key)


def _started(followed: FollowedPhoto, console_url: str | None) -> Cell:
    if not followed.arn:
        return Cell("") if followed.finished else Cell("waiting for S3's event", Tone.WAITING)
    began = clock(followed.execution.started) if followed.execution else "started"
    return Cell(began, Tone.SUCCESS, console_url or "", code=followed.arn)


def _completed(followed: FollowedPhoto) -> Cell:
    if followed.photo is None:
        return Cell("") if followed.lost else Cell("not yet", Tone.WAITING)
    status = followed.photo.status
    if not status.finished:
        return Cell("not yet, metadata stored" if status is Status.PROCESSING else "not yet", Tone.RUNNING)
    took = f" in {seconds(followed.seconds)}" if followed.seconds is not None else ""
    outcome = f"{status.capitalize()}{took}".replace(" ", "\N{NO-BREAK SPACE}")
    whole = status is not Status.SUCCEEDED or not followed.photo.truncated
    tone = PHOTO_TONES[status] if whole else Tone.WARNING
    return Cell("\n".join([outcome, *_reasons(followed)]), tone)


def _reasons(followed: FollowedPhoto) -> list[str]:
    photo = followed.photo
    if photo is None:
        return []
    if photo.missing:
        return [f"{part} missing: {_reason(why)}" for part, why in photo.missing.items()]
    if photo.error:
        return [_reason(photo.error)]
    return [TRUNCATED] if photo.truncated else []


def _reason(error: StepError) -> str:
    return f"{error.step}: {error.name}: {error.cause}"


def facts(step: Step) -> dict[str, str]:
    """Return what is known of a step, by name."""
    return {
        "Status": _status(step),
        "Entered": clock(step.entered),
        "Left": clock(step.exited) if step.exited else "",
        "Duration": seconds(step.seconds) if step.seconds is not None else "",
        "Tries": str(step.retries + 1) if step.type == "Task" else "",
        "Error": step.error or "",
        "Cause": step.cause or "",
        "Inside": step.parent or "",
    }


def _status(step: Step) -> str:
    if step.status is StepStatus.CAUGHT:
        return "failed; the state machine went on by its Catch"
    return step.status.lower()


def states(steps: Sequence[Step]) -> dict[str, str]:
    """Return each state's status at its last visit, for the graph; RETRYING if it failed and runs again."""
    retrying = {
        step.name for step in steps if step.status is StepStatus.RUNNING and (step.error or step.retries)
    }
    return {step.name: "RETRYING" if step.name in retrying else step.status.value for step in steps}


def taken(steps: Sequence[Step], definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the transitions that were taken: to each step from the last one that leads to it."""
    ways: set[tuple[str, str]] = set()
    left = [parse(definition)]
    while left:
        machine = left.pop()
        ways |= {(one.source, one.target) for one in machine.transitions}
        left += [branch for state in machine.states.values() for branch in state.branches]
    found: list[tuple[str, str]] = []
    for index, step in enumerate(steps):
        before = [one.name for one in steps[:index] if (one.name, step.name) in ways]
        found += [(before[-1], step.name)] if before else []
    return found


def result(followed: FollowedPhoto) -> dict[str, Any]:
    """Return a followed photo as plain data."""
    photo = followed.photo
    return {
        "photo": followed.photo_id,
        "status": "MISSING" if followed.lost else photo.status.value if photo else "UPLOADED",
        "executionArn": followed.arn,
        "seconds": followed.seconds,
        "error": error_attribute(photo.error) if photo and photo.error else None,
        "missing": sorted(photo.missing) if photo else [],
    }


def seconds(number: float) -> str:
    """Return a duration in words."""
    if number < 10:
        return f"{number:.2f} s"
    return f"{number:.0f} s" if number < 120 else f"{number / 60:.1f} min"


def clock(time: datetime) -> str:
    """Return a time in this computer's time zone, with the date unless it is today's."""
    local = time.astimezone()
    today = local.date() == datetime.now(local.tzinfo).date()
    return f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M:%S}"
