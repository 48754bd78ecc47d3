"""The stack: what its outputs name, and its life from the plan to the removal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from imageproc.aws.translation import translated
from imageproc.client.cancellation import Cancellation
from imageproc.client.looped import looped
from imageproc.client.target import DEFAULT_STACK, Target
from imageproc.deployment import (
    AWS,
    BuildTarget,
    Deployed,
    Event,
    Inventory,
    Plan,
    Proposal,
    Request,
    always,
    apply,
    check_stack_name,
    destroy,
    discard,
    ignore,
    inventory,
    local_target,
    plan,
)
from imageproc.errors import StackBusyError, TargetError


class Stack:
    """One stack in a target, which need not exist yet. Nothing is asked of AWS before it is needed.

    What takes its time takes a `Cancellation`: it ends with Cancelled, and what AWS has begun continues.
    """

    def __init__(self, target: Target, name: str = DEFAULT_STACK) -> None:
        """Work with the stack of this name. Raises ParameterError for what cannot be one."""
        self.target = target
        self.name = check_stack_name(name)
        target.gone.add(self.forget_outputs)

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The deployed stack's outputs, read once, and again after AWS did not find what they name.

        Raises StackMissingError if there is none of that name, StackBusyError while it is deployed or
        removed, TargetError if it is another kind of stack or not wholly deployed, AwsError.
        """
        with translated(f"Looking for the stack {self.name} in {self.target}"):
            answer = self.client("cloudformation").describe_stacks(StackName=self.name)
        stack = answer["Stacks"][0]
        outputs = _outputs_of(stack)
        if "StateMachineArn" not in outputs:
            self._check_ready(stack["StackStatus"])
            raise TargetError(
                f"The stack {self.name} in {self.target} is {stack['StackStatus']} and lacks the outputs of "
                "this project's template.",
                "Deploy it (imageproc deploy), or name another stack.",
            )
        return outputs

    def _check_ready(self, status: str) -> None:
        """Raise StackBusyError for a stack that is being made or removed."""
        if doing := {"CREATE_IN_PROGRESS": "deployed", "DELETE_IN_PROGRESS": "removed"}.get(status):
            raise StackBusyError(
                f"The stack {self.name} in {self.target} is being {doing}.",
                "Try again when that has ended: it takes minutes on AWS, seconds on the local AWS.",
            )

    @property
    def bucket(self) -> str:
        """The photos' bucket."""
        return self.outputs["S3PhotoRepoBucket"]

    @property
    def image_table(self) -> str:
        """The table of the photos' records."""
        return self.outputs["DDBImageMetadataTable"]

    @property
    def album_table(self) -> str:
        """The table of the albums."""
        return self.outputs["DDBAlbumMetadataTable"]

    @property
    def state_machine_arn(self) -> str:
        """The photos' state machine."""
        return self.outputs["StateMachineArn"]

    @property
    def source_bucket(self) -> str:
        """The bucket, or bucket/folder, whose photos may be processed in place; empty if there is none."""
        return self.outputs.get("SourceBucket", "")

    @property
    def dead_letter_queue(self) -> str:
        """The URL of the queue of uploads that could not be started. Raises TargetError if there is none."""
        return self._newer_output("DeadLetterQueueUrl", "dead-letter queue")

    @property
    def bulk_state_machine_arn(self) -> str:
        """The state machine that processes many photos. Raises TargetError if there is none."""
        return self._newer_output("BulkStateMachineArn", "bulk state machine")

    def client(self, service: str, /) -> Any:
        """Return the target's boto3 client of a service."""
        return self.target.client(service)

    def forget_outputs(self) -> None:
        """Read the outputs again when they are asked for next: another deployment may have made others."""
        self.__dict__.pop("outputs", None)

    @property
    def initial_parameters(self) -> dict[str, str]:
        """The parameters that it is created with, in place of the template's defaults."""
        return _local_defaults() if self.target.is_local else {}

    def plan(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        artifacts_bucket: str | None = None,
        repair: bool = True,
        confirm: Callable[[Proposal], bool] = always,
        notify: Callable[[Event], None] = ignore,
        cancellation: Cancellation | None = None,
    ) -> Plan:
        """Return what a deployment would change; `imageproc.deployment.plan` says what the options mean.

        Guests may use the test client of a local stack that is created now (TestClientAccess=Enabled), and
        where labels are made its photos get embeddings too (Similarity=Enabled).
        """
        request = Request(
            self.name,
            _build_target(self.target),
            parameters or {},
            artifacts_bucket,
            initial=self.initial_parameters,
        )
        sleep = (cancellation or Cancellation()).sleep
        return plan(
            self.target, request, wait=True, repair=repair, confirm=confirm, notify=notify, sleep=sleep
        )

    @looped
    def apply(self, planned: Plan, *, cancellation: Cancellation | None = None) -> Iterator[Event]:
        """Deploy what was planned, and yield CloudFormation's events; at last `Deployed`.

        Raises DeploymentFailed, PlanStaleError, AwsError, Cancelled.
        """
        self.forget_outputs()
        yield from apply(self.target, planned, sleep=(cancellation or Cancellation()).sleep)

    def discard(self, planned: Plan) -> None:
        """Delete a plan, and what planning created."""
        discard(self.target, planned)

    def deploy(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        notify: Callable[[Event], None] = ignore,
        cancellation: Cancellation | None = None,
    ) -> Deployed:
        """Plan and apply without asking; `notify` gets each event. Raises as `plan` and `apply` do."""
        planned = self.plan(parameters, notify=notify, cancellation=cancellation)
        for event in self.apply(planned, cancellation=cancellation):
            notify(event)
            if isinstance(event, Deployed):
                return event
        raise AssertionError("a deployment ends with Deployed or raises")

    def inventory(self) -> Inventory:
        """Return all that belongs to the stack, and what is left of earlier ones."""
        return inventory(self.target, self.name)

    @looped
    def destroy(
        self, *, delete_data: bool | None = None, cancellation: Cancellation | None = None
    ) -> Iterator[Event]:
        """Remove the stack and all that belongs to it, and yield each step; at last `Swept`.

        See `imageproc.deployment.destroy`. If it is cancelled, calling it again finishes it.
        """
        from imageproc.client.catalogs import remove_catalogs

        self.forget_outputs()
        sleep = (cancellation or Cancellation()).sleep
        remove_catalogs(self.target, self.name)
        yield from destroy(self.target, self.name, delete_data=delete_data, sleep=sleep)

    def _newer_output(self, key: str, what: str) -> str:
        if key not in self.outputs:
            raise TargetError(f"The stack {self.name} has no {what}.", "Deploy it again (imageproc deploy).")
        return self.outputs[key]

    def __repr__(self) -> str:
        """Return one line for people."""
        return f"<Stack {self.name} in {self.target!r}>"


def deployed(target: Target) -> Iterator[Stack]:
    """Yield the stacks of this project's template in a target. Raises AwsError."""
    with translated(f"Listing the stacks in {target}"):
        for page in target.client("cloudformation").get_paginator("describe_stacks").paginate():
            for found in page["Stacks"]:
                if "StateMachineArn" in _outputs_of(found) and not found["StackStatus"].startswith("DELETE"):
                    yield Stack(target, found["StackName"])


def others_text(stack: Stack) -> str:
    """Return in words which other stacks of this project are on the local AWS; empty if none, or on AWS.

    Raises AwsError.
    """
    if not stack.target.is_local:
        return ""
    names = sorted(one.name for one in deployed(stack.target) if one.name != stack.name)
    are = "Another stack is still there" if len(names) == 1 else "Other stacks are still there"
    how = f"imageproc destroy --stack-name NAME removes {'it' if len(names) == 1 else 'one'}."
    return f"{are}: {', '.join(names)}. {how}" if names else ""


def _outputs_of(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _local_defaults() -> dict[str, str]:
    """Return the parameters that a stack on the local AWS is created with, in place of the template's."""
    from imageproc.local import makes_labels

    return {"TestClientAccess": "Enabled", **({"Similarity": "Enabled"} if makes_labels() else {})}


def _build_target(target: Target) -> BuildTarget:
    """Return what the functions are built for on this target."""
    if not target.is_local:
        return AWS
    from imageproc.local import runtime_bootstrap

    return local_target(runtime_bootstrap())
