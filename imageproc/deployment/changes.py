"""What a change set would do, as plain data that a table can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NOTHING_CHANGED = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Change:
    """What would become of one resource.

    `action` is `Add`, `Modify`, `Remove`, `Import` or `Dynamic`; `replacement` is `True`, `False`,
    `Conditional` or empty; `scope` names what of the resource changes.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
    """

    action: str
    logical_id: str
    type: str
    replacement: str = ""
    scope: tuple[str, ...] = ()
    physical_id: str = ""

    @property
    def loses_data(self) -> bool:
        """Whether a bucket or table would be removed or replaced: worth a question."""
        holds_data = self.type in {"AWS::S3::Bucket", "AWS::DynamoDB::Table"}
        return holds_data and (self.action == "Remove" or self.replacement in {"True", "Conditional"})


def changes(pages: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Turn the pages of DescribeChangeSet into changes."""
    return tuple(
        _change(each["ResourceChange"])
        for page in pages
        for each in page.get("Changes", [])
        if "ResourceChange" in each
    )


@dataclass(frozen=True)
class ParameterChange:
    """A parameter that gets another value than the stack has now."""

    name: str
    present: str
    wanted: str

    def __str__(self) -> str:
        """Return it as `Tracing: PassThrough -> Active`."""
        return f"{self.name}: {self.present or '(empty)'} -> {self.wanted or '(empty)'}"


def parameter_changes(
    wanted: Iterable[Mapping[str, Any]], present: Mapping[str, str]
) -> tuple[ParameterChange, ...]:
    """Compare the parameters of a change set with a stack's present ones; new parameters are no change."""
    values = {each["ParameterKey"]: each["ParameterValue"] for each in wanted if "ParameterValue" in each}
    return tuple(
        ParameterChange(name, present[name], value)
        for name, value in values.items()
        if name in present and present[name] != value
    )


def nothing_changed(status: str, reason: str) -> bool:
    """Whether a change set failed only because there is nothing to do."""
    return status == "FAILED" and any(words in reason for words in _NOTHING_CHANGED)


def _change(answer: Mapping[str, Any]) -> Change:
    return Change(
        answer.get("Action", ""),
        answer["LogicalResourceId"],
        answer.get("ResourceType", ""),
        answer.get("Replacement", ""),
        tuple(answer.get("Scope", [])),
        answer.get("PhysicalResourceId", ""),
    )
