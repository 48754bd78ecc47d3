"""A deployed stack, as its clients see it: the names that its outputs give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from imageproc.aws.errors import translated
from imageproc.client.target import DEFAULT_STACK, Target


@dataclass(frozen=True)
class Stack:
    """A deployed stack and the target that it is in."""

    target: Target
    name: str
    outputs: dict[str, str]

    @classmethod
    def connect(cls, target: Target, name: str = DEFAULT_STACK) -> Stack:
        """Read the outputs of a stack. Raises AwsError, StackMissingError if it is not deployed."""
        with translated(f"Looking for the stack {name} in {target}"):
            answer = target.client("cloudformation").describe_stacks(StackName=name)
        outputs = answer["Stacks"][0].get("Outputs", [])
        return cls(target, name, {output["OutputKey"]: output["OutputValue"] for output in outputs})

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

    def client(self, service: str, /) -> Any:
        """Return the target's client of a service."""
        return self.target.client(service)
