"""Plan a deployment: build, upload, and let CloudFormation say in a change set what would be done."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, cast

from botocore.exceptions import ClientError

from imageproc.aws.clients import Aws
from imageproc.aws.translation import error_code, error_message, translated
from imageproc.deployment import artifacts, packaging, template
from imageproc.deployment.events import Note, Proposal, always, ignore
from imageproc.deployment.inventory import buckets, kept_earlier
from imageproc.deployment.plan.change_set import parameter_changes, remove, wait_for
from imageproc.deployment.plan.quotas import concurrency_warning, reserve
from imageproc.deployment.plan.recovery import recover
from imageproc.deployment.stack import code_bucket, describe
from imageproc.deployment.template.parameters import check_given, stack_parameters
from imageproc.errors import PlanDeclinedError, PlanRejectedError, StackStuckError
from imageproc.presentation import html

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from types_boto3_cloudformation.type_defs import UpdateStackInputTypeDef

    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.artifacts import Artifacts
    from imageproc.deployment.events import Event
    from imageproc.deployment.packaging import BuildTarget, Packages
    from imageproc.deployment.plan.change_set import Change, ParameterChange
    from imageproc.deployment.stack import StackState

Kind = Literal["CREATE", "UPDATE"]
_CHANGE_COLUMNS = ("Action", "Resource", "Type", "Replacement")


@dataclass(frozen=True)
class Plan:
    """What `apply` would do.

    `change_set` is its ARN, or None if there is nothing to do or the stack is updated without one (`update`:
    only on the local AWS). `parameters` are those that get other values. `made_bucket` says whether planning
    made the bucket for the code. `warnings` say what will work badly though it deploys.
    """

    stack: str
    stack_id: str
    kind: Kind
    artifacts: Artifacts
    change_set: str | None
    changes: tuple[Change, ...] = ()
    parameters: tuple[ParameterChange, ...] = ()
    update: UpdateStackInputTypeDef | None = None
    made_bucket: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there is something to do."""
        return self.change_set is not None or self.update is not None

    def _repr_html_(self) -> str:
        """Return what would be done as tables, for Jupyter."""
        if not self.changed:
            return html.listing((), (), f"Stack {self.stack}", "There is nothing to do.")
        told = ((one.action, one.logical_id, one.type, one.replacement) for one in self.changes)
        shown = html.listing(_CHANGE_COLUMNS, told, f"{self.kind} {self.stack}")
        if self.parameters:
            values = ((one.name, one.present, one.wanted) for one in self.parameters)
            shown += html.listing(("Parameter", "Present", "Wanted"), values)
        return shown + html.notes(self.warnings)


@dataclass(frozen=True)
class Request:
    """What the user wants deployed.

    `parameters` are the template's, by name; those left out keep the stack's present values. `initial` are
    values that count only when the stack is created, in place of the template's defaults. So does a
    StartConcurrency that the account allows.
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
    initial: Mapping[str, str] = field(default_factory=dict)


def plan(
    clients: ClientFactory,
    request: Request,
    *,
    wait: bool = False,
    repair: bool = True,
    confirm: Callable[[Proposal], bool] = always,
    notify: Callable[[Event], None] = ignore,
    sleep: Callable[[float], None] = time.sleep,
) -> Plan:
    """Return what deploying would change, after bringing a broken stack back to a state that can be deployed
    to.

    CloudFormation reads code and template from S3, so both are uploaded. `confirm` is asked before a broken
    stack is deleted or rolled back, and before the bucket for the code is made. With `repair=False` a broken
    stack is an error. With `wait`, wait for another operation on the stack to end. `notify` is told of each
    step. A plan that is not applied should be discarded (`discard`).

    Raises ParameterError, PackagingError, TemplateError, ForeignStackError, PlanDeclinedError before AWS is
    changed; StackBusyError, StackStuckError, BucketTakenError, PlanRejectedError, AwsError.
    """
    artifacts.check_stack_name(request.stack)
    sources = request.sources or template.read_sources()
    check_given(template.declared_parameters(sources.template), {**request.initial, **request.parameters})
    notify(Note("Building the functions' code and the layer"))
    aws = Aws(clients)
    packages = packaging.build(
        request.target,
        artifacts.key_prefix(request.stack),
        similarity=_wants_similarity(aws, request),
        cache=request.cache,
    )
    with translated(f"Planning {request.stack}"):
        state = recover(aws, request.stack, notify, sleep, wait=wait, repair=repair, confirm=confirm)
        if _is_new(state):
            initial = {**_reserve(aws, request, sources, notify), **request.initial}
            request = replace(request, parameters={**initial, **request.parameters})
            _check_kept_data(aws, request.stack, state)
        bucket, made = _bucket(aws, request, state, notify, confirm)
        text = package_template(sources, packages, bucket, _retention(request, state))
        uploaded = artifacts.upload(aws, bucket, packages, text, request.stack, notify)
        planned = _planned(aws, request, state, uploaded, text, notify, sleep)
        warnings = _warnings(aws, request, state, text)
        for each in warnings:
            notify(Note(each))
        return replace(planned, made_bucket=made, warnings=warnings)


def package_template(
    sources: template.Sources, packages: Packages, bucket: str | None, data_retention: str = "Delete"
) -> str:
    """Return the template that can be launched as it is, by the console or `aws cloudformation deploy`.

    Without a bucket it names the zips as files beside it, for `aws cloudformation package`.
    """
    code = template.Code(
        packages.functions.key,
        packages.layer.key,
        packages.target.runtime,
        packages.target.architecture,
        bucket,
        packages.embedding.key if packages.embedding else None,
    )
    return template.assemble(sources, code, data_retention)


def discard(clients: ClientFactory, unwanted: Plan) -> None:
    """Remove a plan's change set, and what planning a new stack made: the empty stack, the bucket for the
    code. What was uploaded to a bucket that was there before stays.
    """
    with translated(f"Discarding the plan for {unwanted.stack}"):
        aws = Aws(clients)
        if unwanted.change_set:
            remove(aws, unwanted.stack_id, unwanted.change_set)
        if unwanted.made_bucket and unwanted.kind == "CREATE":
            _remove_bucket(aws, unwanted)


def _remove_bucket(aws: Aws, unwanted: Plan) -> None:
    """Remove the bucket for the code, unless somebody else has begun to use it."""
    state = describe(aws, unwanted.stack_id)
    if state and not state.status.startswith("DELETE_"):
        return
    bucket = unwanted.artifacts.bucket
    for _ in buckets.empty(aws, bucket, artifacts.key_prefix(unwanted.stack)):
        pass
    rest = buckets.contents(aws, bucket)
    if rest and rest.empty:
        for _ in buckets.delete(aws, bucket):
            pass


def _is_new(state: StackState | None) -> bool:
    return state is None or state.new


def _reserve(
    aws: Aws, request: Request, sources: template.Sources, notify: Callable[[Event], None]
) -> dict[str, str]:
    """Return the parameter by which bursts of uploads wait for Standard executions, if the account can."""
    name = "StartConcurrency"
    declared = name in {one.name for one in template.declared_parameters(sources.template)}
    express = request.parameters.get("WorkflowType") == "EXPRESS"
    if not (aws.is_aws and declared) or express or name in request.parameters:
        return {}
    wanted = reserve(aws)
    if wanted is None:
        return {}
    notify(Note(f"{wanted} of Lambda's functions at a time are reserved to start executions ({name})"))
    return {name: str(wanted)}


def _wants_similarity(aws: Aws, request: Request) -> bool:
    """Whether the stack will make embeddings: only then their layer is needed, which is large."""
    with translated(f"Looking at {request.stack}"):
        state = describe(aws, request.stack)
    present = request.initial if state is None or _is_new(state) else state.parameters
    return {**present, **request.parameters}.get("Similarity") == "Enabled"


def _check_kept_data(aws: Aws, stack: str, state: StackState | None) -> None:
    """Raise StackStuckError if creating the stack would overwrite what an earlier one kept.

    AWS makes up new names. MiniStack derives them from the stack's, and recreates tables that exist.
    """
    if aws.is_aws:
        return
    kept = kept_earlier(aws, stack, state).names
    if kept:
        raise StackStuckError(
            f"An earlier stack {stack} left data: {', '.join(kept)}. The local AWS would use the same names "
            "again and lose it. Remove that data (`imageproc destroy --delete-data`), or deploy under "
            "another stack name."
        )


def _bucket(
    aws: Aws,
    request: Request,
    state: StackState | None,
    notify: Callable[[Event], None],
    confirm: Callable[[Proposal], bool],
) -> tuple[str, bool]:
    """Return the bucket for the code: the named one, else the stack's present one, else ours; and whether it
    was made just now.
    """
    if request.artifacts_bucket:
        return artifacts.ensure_bucket(aws, request.stack, request.artifacts_bucket, notify), False
    present = code_bucket(aws, state.id) if state else None
    if present and artifacts.exists(aws, present):
        return present, False
    name = artifacts.default_bucket(request.stack, aws.account, aws.region)
    missing = not artifacts.exists(aws, name)
    question = f"CloudFormation reads the code from S3. May the bucket {name} be made?"
    if missing and not confirm(Proposal(question, "Make the bucket")):
        raise PlanDeclinedError(
            f"The bucket {name} was not made. Name one for the code (`--artifacts-bucket`), or agree to it."
        )
    return artifacts.ensure_bucket(aws, request.stack, None, notify), missing


def _retention(request: Request, state: StackState | None) -> str:
    """Return the data retention that is wanted: it is written into the template, beside being a parameter."""
    present = state.parameters.get("DataRetention") if state else None
    return request.parameters.get("DataRetention") or present or "Delete"


def _warnings(aws: Aws, request: Request, state: StackState | None, text: str) -> tuple[str, ...]:
    present = {each.name: each.default for each in template.declared_parameters(text)}
    values = {**present, **(state.parameters if state else {}), **request.parameters}
    found = concurrency_warning(aws, values)
    return (found,) if found else ()


def _planned(
    aws: Aws,
    request: Request,
    state: StackState | None,
    uploaded: Artifacts,
    text: str,
    notify: Callable[[Event], None],
    sleep: Callable[[float], None],
) -> Plan:
    """Create the change set and wait until CloudFormation has worked out what it does."""
    kind: Kind = "CREATE" if _is_new(state) else "UPDATE"
    previous = state.parameters if state and kind == "UPDATE" else {}
    parameters = stack_parameters(template.declared_parameters(text), request.parameters, previous)
    wanted: UpdateStackInputTypeDef = {
        "StackName": request.stack,
        "TemplateURL": uploaded.template_url,
        "Parameters": parameters,
        "Capabilities": [template.required_capability(text)],
    }
    if request.tags:  # an empty list would clear those that the stack has
        wanted["Tags"] = [{"Key": key, "Value": value} for key, value in request.tags.items()]
    stack_id, change_set = _create_change_set(aws, wanted, kind)
    changes = wait_for(aws, stack_id, change_set, sleep)
    made = Plan(
        request.stack,
        stack_id,
        kind,
        uploaded,
        change_set if changes is not None else None,
        changes or (),
        parameter_changes(parameters, previous),
    )
    return _with_parameters(aws, made, wanted, notify)


def _create_change_set(aws: Aws, wanted: UpdateStackInputTypeDef, kind: Kind) -> tuple[str, str]:
    """Return the IDs of the stack and the change set."""
    try:
        answer = aws.cloudformation.create_change_set(
            ChangeSetName=f"imageproc-{uuid.uuid4().hex[:12]}",
            ChangeSetType=kind,
            **cast("Any", wanted),
        )
    except ClientError as error:
        if error_code(error) != "ValidationError":
            raise
        raise PlanRejectedError(f"CloudFormation refused the template: {error_message(error)}") from error
    return answer["StackId"], answer["Id"]


def _with_parameters(
    aws: Aws, made: Plan, wanted: UpdateStackInputTypeDef, notify: Callable[[Event], None]
) -> Plan:
    """Return the plan, mended where a change set overlooks what other parameter values do.

    MiniStack's change sets compare resources without their conditions: what appears or goes because of a
    parameter is not listed, and a change set of nothing else is empty. Its UpdateStack does all of it.
    """
    if not made.parameters:
        return made
    told = ", ".join(str(each) for each in made.parameters)
    if aws.is_aws:
        if not made.changed:
            notify(
                Note(f"No resource depends on these values, and CloudFormation keeps the old ones: {told}")
            )
        return made
    notify(
        Note(f"{told}. The local AWS does not list the resources that are added or removed because of that")
    )
    return made if made.changed else replace(made, update=wanted)
