"""Plan a deployment: build, upload, and let CloudFormation say in a change set what would be done."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypedDict

from botocore.exceptions import ClientError

from imageproc.aws.clients import Aws
from imageproc.aws.errors import error_code, error_message, translated
from imageproc.deployment import artifacts, packaging, template
from imageproc.deployment.change_set import remove, wait_for
from imageproc.deployment.errors import PlanRejectedError
from imageproc.deployment.events import Note, ignore
from imageproc.deployment.parameters import check_given, code_parameters, stack_parameters
from imageproc.deployment.recovery import recover

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from types_boto3_cloudformation.type_defs import TagTypeDef

    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.artifacts import Artifacts
    from imageproc.deployment.changes import Change
    from imageproc.deployment.events import Event
    from imageproc.deployment.packaging import BuildTarget, Packages
    from imageproc.deployment.stack import StackState

Kind = Literal["CREATE", "UPDATE"]


class _Tags(TypedDict, total=False):
    Tags: list[TagTypeDef]


@dataclass(frozen=True)
class Plan:
    """What `apply` would do. `change_set` is its ARN, or None if there is nothing to do."""

    stack: str
    stack_id: str
    kind: Kind
    artifacts: Artifacts
    change_set: str | None
    changes: tuple[Change, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is something to do."""
        return self.change_set is not None


@dataclass(frozen=True)
class Request:
    """What the user wants deployed.

    `parameters` are the template's, by name; those left out keep the stack's present values.
    `artifacts_bucket` names an existing bucket for the code; without it the stack's present one is used, or
    one is made.
    """

    stack: str
    target: BuildTarget = packaging.AWS
    parameters: Mapping[str, str] = field(default_factory=dict)
    artifacts_bucket: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    sources: template.Sources | None = None
    cache: Path | None = None


def plan(
    clients: ClientFactory,
    request: Request,
    *,
    wait: bool = False,
    notify: Callable[[Event], None] = ignore,
    sleep: Callable[[float], None] = time.sleep,
) -> Plan:
    """Return what deploying would change, after bringing a broken stack back to a state that can be deployed
    to.

    With `wait`, wait for another operation on the stack to end. `notify` is told of each step. A plan that is
    not applied should be discarded (`discard`).

    Raises ParameterError, PackagingError, TemplateError before AWS is changed; StackBusyError,
    StackStuckError, BucketTakenError, PlanRejectedError, AwsError.
    """
    artifacts.check_stack_name(request.stack)
    sources = request.sources or template.read_sources()
    check_given(template.declared_parameters(sources.template), request.parameters)
    notify(Note("Building the functions' code and the layer"))
    packages = packaging.build(request.target, artifacts.key_prefix(request.stack), cache=request.cache)
    aws = Aws(clients)
    with translated(f"Planning {request.stack}"):
        state = recover(aws, request.stack, notify, sleep, wait=wait)
        bucket = _bucket(aws, request, state, notify)
        text = package_template(sources, packages, bucket, _retention(request, state))
        uploaded = artifacts.upload(aws, bucket, packages, text, request.stack, notify)
        return _planned(aws, request, state, packages, uploaded, text, sleep)


def package_template(
    sources: template.Sources, packages: Packages, bucket: str | None, data_retention: str = "Delete"
) -> str:
    """Return the template that can be launched as it is, by the console or `aws cloudformation deploy`.

    Without a bucket its name stays a parameter that must be given.
    """
    known = {name: value for name, value in code_parameters(packages, bucket or "").items() if value}
    return template.assemble(sources, known, data_retention)


def discard(clients: ClientFactory, unwanted: Plan) -> None:
    """Remove a plan's change set, and the empty stack that a plan to create one leaves behind."""
    with translated(f"Discarding the plan for {unwanted.stack}"):
        if unwanted.change_set:
            remove(Aws(clients), unwanted.stack_id, unwanted.change_set)


def _bucket(aws: Aws, request: Request, state: StackState | None, notify: Callable[[Event], None]) -> str:
    """Return the bucket for the code: the named one, else the stack's present one, else ours."""
    if request.artifacts_bucket:
        return artifacts.ensure_bucket(aws, request.stack, request.artifacts_bucket, notify)
    present = state.parameters.get("ArtifactsBucket") if state else None
    if present and artifacts.exists(aws, present):
        return present
    return artifacts.ensure_bucket(aws, request.stack, None, notify)


def _retention(request: Request, state: StackState | None) -> str:
    """Return the data retention that is wanted: it is written into the template, beside being a parameter."""
    present = state.parameters.get("DataRetention") if state else None
    return request.parameters.get("DataRetention") or present or "Delete"


def _planned(
    aws: Aws,
    request: Request,
    state: StackState | None,
    packages: Packages,
    uploaded: Artifacts,
    text: str,
    sleep: Callable[[float], None],
) -> Plan:
    """Create the change set and wait until CloudFormation has worked out what it does."""
    kind: Kind = "CREATE" if state is None or state.status == "REVIEW_IN_PROGRESS" else "UPDATE"
    previous = state.parameters if state and kind == "UPDATE" else {}
    parameters = stack_parameters(
        template.declared_parameters(text),
        code_parameters(packages, uploaded.bucket),
        request.parameters,
        previous,
    )
    try:
        answer = aws.cloudformation.create_change_set(
            StackName=request.stack,
            ChangeSetName=f"imageproc-{uuid.uuid4().hex[:12]}",
            ChangeSetType=kind,
            TemplateURL=uploaded.template_url,
            Parameters=parameters,
            Capabilities=[template.required_capability(text)],
            **_tags(request),
        )
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        raise PlanRejectedError(f"CloudFormation refused the template: {error_message(error)}") from error
    changes = wait_for(aws, answer["StackId"], answer["Id"], sleep)
    change_set = answer["Id"] if changes is not None else None
    return Plan(request.stack, answer["StackId"], kind, uploaded, change_set, changes or ())


def _tags(request: Request) -> _Tags:
    """Return the tags, or nothing: an empty list would clear those that the stack has."""
    if not request.tags:
        return {}
    return {"Tags": [{"Key": key, "Value": value} for key, value in request.tags.items()]}
