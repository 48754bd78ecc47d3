"""A deployed stack, as its clients see it: the names that its outputs give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imageproc.aws.errors import translated
from imageproc.client.errors import TargetError
from imageproc.client.target import DEFAULT_STACK, Target


@dataclass(frozen=True)
class Stack:
    """A deployed stack and the target that it is in."""

    target: Target
    name: str
    outputs: dict[str, str]

    @classmethod
    def connect(cls, target: Target, name: str = DEFAULT_STACK) -> Stack:
        """Read the outputs of a stack.

        Raises StackMissingError if there is none of that name, TargetError if it is not (wholly) deployed or
        is another kind of stack, AwsError.
        """
        with translated(f"Looking for the stack {name} in {target}"):
            answer = target.client("cloudformation").describe_stacks(StackName=name)
        stack = answer["Stacks"][0]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if "StateMachineArn" not in outputs:
            raise TargetError(
                f"The stack {name} in {target} is {stack['StackStatus']} and lacks the outputs of this "
                "project's template. Deploy it (imageproc deploy), or name another stack."
            )
        return cls(target, name, outputs)

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
        """The state machine."""
        return self.outputs["StateMachineArn"]

    @property
    def dead_letter_queue(self) -> str:
        """The URL of the queue of uploads that could not be started. Raises TargetError if there is none."""
        if "DeadLetterQueueUrl" not in self.outputs:
            raise TargetError(f"The stack {self.name} has no dead-letter queue: deploy it again.")
        return self.outputs["DeadLetterQueueUrl"]

    @property
    def bulk_state_machine_arn(self) -> str:
        """The state machine that processes many photos. Raises TargetError if there is none."""
        if "BulkStateMachineArn" not in self.outputs:
            raise TargetError(f"The stack {self.name} has no bulk state machine: deploy it again.")
        return self.outputs["BulkStateMachineArn"]

    def client(self, service: str, /) -> Any:
        """Return the target's client of a service."""
        return self.target.client(service)
