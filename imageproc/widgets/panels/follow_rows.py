"""What the follow panel says: a photo's three stages, a step, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from imageproc.client.executions import Step, StepStatus
from imageproc.client.runs import Run
from imageproc.core.record import Status
from imageproc.widgets.panels.photo_views import PHOTO_TONES
from imageproc.widgets.parts.data_table import Cell
from imageproc.widgets.parts.execution_list import ExecutionRow
from imageproc.widgets.tones import Tone

COLUMNS = ["Photo", "Uploaded", "Execution started", "Completed"]

_STEP_TONES = {
    StepStatus.SUCCEEDED: Tone.SUCCESS,
    StepStatus.RUNNING: Tone.RUNNING,
    StepStatus.CAUGHT: Tone.WARNING,
    StepStatus.FAILED: Tone.ERROR,
    StepStatus.ABORTED: Tone.WARNING,
}


def row(run: Run, console_url: str | None) -> ExecutionRow:
    """Return a photo's row."""
    return ExecutionRow(run.photo_id, run.name, [_uploaded(run), _started(run, console_url), _completed(run)])


def _uploaded(run: Run) -> Cell:
    if run.lost:
        return Cell("no record of this photo", Tone.ERROR)
    if not run.uploaded:
        return Cell("not known yet", Tone.WAITING)
    return Cell(f"{clock(datetime.fromtimestamp(run.uploaded).astimezone())}\n{run.key}", Tone.SUCCESS)


def _started(run: Run, console_url: str | None) -> Cell:
    if not run.arn:
        return Cell(
            "" if run.finished else "waiting for S3's event", Tone.INFO if run.finished else Tone.WAITING
        )
    began = f"{clock(run.execution.started)}\n" if run.execution else ""
    return Cell(began + run.arn, Tone.SUCCESS, console_url or "")


def _completed(run: Run) -> Cell:
    if run.photo is None:
        return Cell("" if run.lost else "not yet", Tone.INFO if run.lost else Tone.WAITING)
    status = run.photo.status
    if not status.finished:
        return Cell("metadata stored" if status is Status.PROCESSING else "under way", Tone.RUNNING)
    took = f" in {seconds(run.seconds)}" if run.seconds is not None else ""
    return Cell("\n".join([f"{status}{took}", *_reasons(run)]), PHOTO_TONES[status])


def _reasons(run: Run) -> list[str]:
    photo = run.photo
    if photo is None:
        return []
    if photo.missing:
        return [f"{part} missing: {_reason(why)}" for part, why in photo.missing.items()]
    return [_reason(photo.error)] if photo.error else []


def _reason(why: Mapping[str, str]) -> str:
    return f"{why.get('step', '')}: {why.get('name', '')}: {why.get('cause', '')}"


def facts(step: Step) -> dict[str, str]:
    """Return what there is to say of a step, by name."""
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
    words = {
        StepStatus.CAUGHT: "failed; the state machine went on by its Catch",
        StepStatus.ABORTED: "cut off",
    }
    return words.get(step.status, step.status.lower())


def step_tone(step: Step) -> Tone:
    """Return how a step is shown."""
    return _STEP_TONES[step.status]


def states(steps: Sequence[Step]) -> dict[str, str]:
    """Return each state's status for the graph, of its last visit; what failed and runs again is RETRYING."""
    retrying = {
        step.name for step in steps if step.status is StepStatus.RUNNING and (step.error or step.retries)
    }
    return {step.name: "RETRYING" if step.name in retrying else step.status.value for step in steps}


def taken(steps: Sequence[Step], definition: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the transitions that were taken: to each step from the last one that leads to it."""
    from imageproc.widgets.parts.state_graph.machine import parse

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


def result(run: Run) -> dict[str, Any]:
    """Return a run as plain data."""
    photo = run.photo
    return {
        "photo": run.photo_id,
        "status": "MISSING" if run.lost else photo.status.value if photo else "UPLOADED",
        "executionArn": run.arn,
        "seconds": run.seconds,
        "error": dict(photo.error) if photo and photo.error else None,
        "missing": sorted(photo.missing) if photo else [],
    }


def seconds(number: float) -> str:
    """Return a duration in words."""
    if number < 10:
        return f"{number:.2f} s"
    return f"{number:.0f} s" if number < 120 else f"{number / 60:.1f} min"


def clock(time: datetime) -> str:
    """Return a time of this computer's zone; with the date if it is not today's."""
    local = time.astimezone()
    today = local.date() == datetime.now(local.tzinfo).date()
    return f"{local:%H:%M:%S}" if today else f"{local:%Y-%m-%d %H:%M:%S}"
