"""What planning, applying and sweeping report while they run. Notebook and command line render the same
events.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True)
class Note:
    """A step that the user should know of, such as a failed stack that is removed before a new one is
    made.
    """

    text: str


@dataclass(frozen=True)
class CodeUploaded:
    """An artifact was uploaded. `size` in bytes."""

    bucket: str
    key: str
    size: int


@dataclass(frozen=True)
class StackEvent:
    """One line of CloudFormation's story of a stack.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackEvent.html
    """

    id: str
    time: datetime
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    of_stack: bool = False
    """Whether it speaks of the stack itself and not of one of its resources."""

    @property
    def failed(self) -> bool:
        """Whether it tells of a failure, be it of a resource or of the stack."""
        return self.status.endswith("_FAILED")


@dataclass(frozen=True)
class Deployed:
    """The last event of a deployment that worked."""

    stack: str
    stack_id: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    changed: bool = True


@dataclass(frozen=True)
class Emptied:
    """So many versions and delete markers were removed from a bucket until now."""

    bucket: str
    removed: int


@dataclass(frozen=True)
class Removed:
    """Something that outlived the stack was removed. `kind` is one of `bucket`, `table`, `log group`,
    `upload`.
    """

    kind: str
    name: str


@dataclass(frozen=True)
class Swept:
    """The last event of a removal. `left` names what was found afterwards that should have gone: nothing.

    `kept` names the data that stays: because of the stack's DataRetention, because that was asked for, or
    because an earlier stack of that name kept it.
    """

    stack: str
    left: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


Event = Note | CodeUploaded | StackEvent | Deployed | Emptied | Removed | Swept


def ignore(_event: Event) -> None:
    """Report to nobody."""


class Proposal(str):
    """What has to be agreed to, as a question, and what agreeing does, as a button says it."""

    def __new__(cls, text: str, action: str) -> Proposal:
        """Ask this text."""
        made = super().__new__(cls, text)
        made.action = action
        return made

    action: str


def always(_proposal: Proposal) -> bool:
    """Agree to everything."""
    return True
