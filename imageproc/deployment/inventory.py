"""What a stack holds and leaves: looked up, never assumed. Also of a stack that is half or wholly deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc.aws.clients import Aws
from imageproc.aws.errors import translated
from imageproc.deployment import artifacts, buckets, tables
from imageproc.deployment.stack import describe, last_deleted, resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.buckets import BucketContents
    from imageproc.deployment.stack import Resource, StackState
    from imageproc.deployment.tables import LogGroup, TableContents

DATA_TYPES = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")


@dataclass(frozen=True)
class ArtifactsFound:
    """What was uploaded to deploy a stack. `ours` says whether the bucket was made for the stack."""

    contents: BucketContents
    ours: bool


@dataclass(frozen=True)
class Inventory:
    """All that belongs to a stack and exists. `status` is None once the stack is gone."""

    stack: str
    stack_id: str | None = None
    status: str | None = None
    buckets: tuple[BucketContents, ...] = ()
    tables: tuple[TableContents, ...] = ()
    functions: tuple[str, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    artifacts: tuple[ArtifactsFound, ...] = ()

    def names(self, *, keep_data: bool = False) -> tuple[str, ...]:
        """Return what there is to remove, as lines to read; without the data if that is kept."""
        lines = [f"stack {self.stack} ({self.status})"] if self.status else []
        if not keep_data:
            lines += [f"bucket {each.name}" for each in self.buckets]
            lines += [f"table {each.name}" for each in self.tables]
        lines += [f"log group {each.name}" for each in self.log_groups]
        lines += [f"artifacts in {each.contents.name}" for each in self.artifacts]
        return tuple(lines)

    @property
    def data(self) -> tuple[str, ...]:
        """The names of the buckets and tables that hold photos, albums and records."""
        return (*(each.name for each in self.buckets), *(each.name for each in self.tables))


def inventory(clients: ClientFactory, stack: str) -> Inventory:
    """Return what `destroy` would remove. Of a stack that was deleted, what it left behind.

    Raises ParameterError for a name that no stack may have, AwsError.
    """
    artifacts.check_stack_name(stack)
    with translated(f"Looking at what belongs to {stack}"):
        aws = Aws(clients)
        return look(aws, stack, find(aws, stack))


def find(aws: Aws, stack: str) -> StackState | None:
    """Return the stack of that name, or else the one that was deleted last; None if there never was one."""
    return describe(aws, stack) or last_deleted(aws, stack)


def look(aws: Aws, stack: str, state: StackState | None) -> Inventory:
    """Look at everything that the stack had, and count what is still there."""
    had = resources(aws, state.id) if state else []
    gone = state is None or state.status == "DELETE_COMPLETE"
    found_buckets = (buckets.contents(aws, name) for name in _named(had, "AWS::S3::Bucket"))
    found_tables = (tables.table(aws, name) for name in _named(had, "AWS::DynamoDB::Table"))
    found_logs = (tables.log_group(aws, name) for name in log_group_names(had))
    return Inventory(
        stack,
        state.id if state else None,
        None if gone or state is None else state.status,
        tuple(each for each in found_buckets if each),
        tuple(each for each in found_tables if each),
        () if gone else _named([each for each in had if not _deleted(each)], "AWS::Lambda::Function"),
        tuple(each for each in found_logs if each),
        _artifacts(aws, stack, state),
    )


def log_group_names(had: Iterable[Resource]) -> tuple[str, ...]:
    """Return the log groups of a stack: its own, and those that Lambda makes for its functions by itself.

    Exact names, because a prefix would also match the log groups of a stack whose name is longer.
    """
    had = list(had)
    made_by_lambda = (f"/aws/lambda/{name}" for name in _named(had, "AWS::Lambda::Function"))
    return tuple(dict.fromkeys([*_named(had, "AWS::Logs::LogGroup"), *made_by_lambda]))


def _named(had: Iterable[Resource], kind: str) -> tuple[str, ...]:
    return tuple(sorted({each.physical_id for each in had if each.type == kind}))


def _deleted(resource: Resource) -> bool:
    return resource.status == "DELETE_COMPLETE"


def _artifacts(aws: Aws, stack: str, state: StackState | None) -> tuple[ArtifactsFound, ...]:
    """Return what lies in the bucket that the stack was deployed from, and in the one that we make."""
    named = state.parameters.get("ArtifactsBucket") if state else None
    ours = artifacts.default_bucket(stack, aws.account, aws.region)
    found = []
    for name in dict.fromkeys([each for each in (named, ours) if each]):
        contents = buckets.contents(aws, name, artifacts.key_prefix(stack))
        owned = contents is not None and artifacts.is_ours(aws, name, stack) is True
        if contents and (owned or not contents.empty):
            found.append(ArtifactsFound(contents, owned))
    return tuple(found)
