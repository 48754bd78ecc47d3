"""Keep a stack's photos and records when the stack itself is deleted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from imageproc.deployment import artifacts, template
from imageproc.deployment.events import Note
from imageproc.deployment.stack import EventFeed, code_bucket, describe, first_failure, follow, template_of
from imageproc.errors import DeploymentFailed, SweepFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_cloudformation.type_defs import ParameterTypeDef

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event, StackEvent
    from imageproc.deployment.stack import StackState

_NOT_UPDATABLE = {
    "DELETE_FAILED",
    "REVIEW_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
    "ROLLBACK_FAILED",
    "CREATE_FAILED",
}


def retain_data(aws: Aws, state: StackState, sleep: Callable[[float], None]) -> Iterator[Event]:
    """Set a stack's DataRetention to Retain, as an update that changes nothing else, and follow it.

    A stack whose creation failed holds no data, and one whose deletion failed cannot be updated: both are
    left. Raises SweepFailedError if the stack has no DataRetention, DeploymentFailed if the update fails.
    """
    if state.status in _NOT_UPDATABLE:
        return
    if "DataRetention" not in state.parameters:
        raise SweepFailedError(
            f"The stack {state.name} has no DataRetention, so its data cannot be kept: copy what you need, "
            "then remove the stack with its data."
        )
    present = template_of(aws, state.id)
    text = template.set_data_retention(present, "Retain")
    # The parameter alone says little: it may have been given to a template without the policies.
    if state.retains_data and text == present:
        return
    yield Note(f"Telling {state.name} to keep its photos and records")
    feed = EventFeed(aws, state.id)
    _update(aws, state, text)
    told: list[StackEvent] = []
    for event in follow(aws, state.id, feed, sleep):
        told.append(event)
        yield event
    after = describe(aws, state.id)
    if after is None or after.status != "UPDATE_COMPLETE":
        failure = first_failure(told)
        name, reason = (
            (failure.logical_id, failure.reason) if failure else (state.name, "no reason was given")
        )
        raise DeploymentFailed(state.name, after.status if after else "gone", name, reason)


def _update(aws: Aws, state: StackState, text: str) -> None:
    """Update the stack with its own template, in which only the data's deletion policy differs."""
    body = text.encode()
    bucket = code_bucket(aws, state.id) or artifacts.ensure_bucket(aws, state.name)
    key = f"{artifacts.key_prefix(state.name)}template/{hashlib.sha256(body).hexdigest()}.yaml"
    artifacts.put_once(aws, bucket, key, body)
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": name, "UsePreviousValue": True}
        for name in state.parameters
        if name != "DataRetention"
    ]
    parameters.append({"ParameterKey": "DataRetention", "ParameterValue": "Retain"})
    aws.cloudformation.update_stack(
        StackName=state.id,
        TemplateURL=aws.object_url(bucket, key),
        Parameters=parameters,
        Capabilities=[template.required_capability(text)],
    )
