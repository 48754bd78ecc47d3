"""What a stack holds and leaves: looked up, never assumed. Also of a stack that is half or wholly deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imageproc.aws.clients import Aws
from imageproc.aws.translation import translated
from imageproc.deployment import artifacts
from imageproc.deployment.inventory import buckets, tables
from imageproc.deployment.stack import code_bucket, deleted, describe_ours, resources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imageproc.aws.clients import ClientFactory
    from imageproc.deployment.inventory.buckets import BucketContents
    from imageproc.deployment.inventory.tables import LogGroup, TableContents
    from imageproc.deployment.stack import Resource, StackState

DATA_TYPES = ("AWS::S3::Bucket", "AWS::DynamoDB::Table")


@dataclass(frozen=True)
class ArtifactsFound:
    """What was uploaded to deploy a stack. `ours` says whether the bucket was made for the stack."""

    contents: BucketContents
    ours: bool


@dataclass(frozen=True)
class DataFound:
    """Buckets and tables that hold photos, albums and records."""

    buckets: tuple[BucketContents, ...] = ()
    tables: tuple[TableContents, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return (*(each.name for each in self.buckets), *(each.name for each in self.tables))

    @property
    def lines(self) -> list[str]:
        """Their names, as lines to read."""
        return [
            *(f"bucket {each.name}" for each in self.buckets),
            *(f"table {each.name}" for each in self.tables),
        ]

    def __add__(self, other: DataFound) -> DataFound:
        """Return both."""
        return DataFound(self.buckets + other.buckets, self.tables + other.tables)


@dataclass(frozen=True)
class Inventory:
    """All that belongs to a stack and exists. `status` is None once the stack is gone.

    `retained` says whether the stack's own data outlives it unless its removal is asked for: its
    DataRetention is Retain, or it is gone already. `earlier` is what deleted stacks of the same name left:
    it stays, too, unless its removal is asked for.
    """

    stack: str
    stack_id: str | None = None
    status: str | None = None
    own: DataFound = DataFound()
    retained: bool = False
    earlier: DataFound = DataFound()
    functions: tuple[str, ...] = ()
    log_groups: tuple[LogGroup, ...] = ()
    artifacts: tuple[ArtifactsFound, ...] = ()

    def names(self, *, delete_data: bool | None = None) -> tuple[str, ...]:
        """Return what `destroy` would remove if it were called with this `delete_data`, as lines to read."""
        lines = [f"stack {self.stack} ({self.status})"] if self.status else []
        lines += self.removed_data(delete_data=delete_data).lines
        lines += [f"log group {each.name}" for each in self.log_groups]
        lines += [f"artifacts in {each.contents.name}" for each in self.artifacts]
        return tuple(lines)

    def removed_data(self, *, delete_data: bool | None = None) -> DataFound:
        """Return the data that `destroy` would remove."""
        if delete_data:
            return self.own + self.earlier
        return DataFound() if delete_data is False or self.retained else self.own

    def kept(self, *, delete_data: bool | None = None) -> tuple[str, ...]:
        """Return the names of the data that `destroy` would keep."""
        removed = self.removed_data(delete_data=delete_data).names
        return tuple(name for name in self.data if name not in removed)

    @property
    def data(self) -> tuple[str, ...]:
        """The names of the buckets and tables that hold photos, albums and records."""
        return (self.own + self.earlier).names


def inventory(clients: ClientFactory, stack: str) -> Inventory:
    """Return what belongs to a stack, and what deleted stacks of that name left behind.

    Raises ParameterError for a name that no stack may have, ForeignStackError, AwsError.
    """
    artifacts.check_stack_name(stack)
    with translated(f"Looking at what belongs to {stack}"):
        aws = Aws(clients)
        return look(aws, stack, find(aws, stack))


def find(aws: Aws, stack: str) -> StackState | None:
    """Return the stack of that name, or else the one that was deleted last; None if there never was one.

    Raises ForeignStackError.
    """
    return describe_ours(aws, stack) or next(iter(deleted(aws, stack)), None)


def look(aws: Aws, stack: str, state: StackState | None, *, retained: bool | None = None) -> Inventory:
    """Look at everything that the stack had, and count what is still there.

    `retained` is what was decided about the stack's own data; None leaves it to the stack.
    """
    had = resources(aws, state.id) if state else []
    gone = state is None or state.gone
    found_logs = (tables.log_group(aws, name) for name in log_group_names(had))
    return Inventory(
        stack,
        state.id if state else None,
        None if gone or state is None else state.status,
        _data(aws, had),
        gone or (state is not None and state.retains_data) if retained is None else retained,
        kept_earlier(aws, stack, state),
        () if gone else _named([each for each in had if not _deleted(each)], "AWS::Lambda::Function"),
        tuple(each for each in found_logs if each),
        _artifacts(aws, stack, state),
    )


def kept_earlier(aws: Aws, stack: str, state: StackState | None) -> DataFound:
    """Return the data that other, deleted stacks of that name left, and that this one does not use."""
    own = {each.physical_id for each in resources(aws, state.id)} if state else set()
    had: dict[str, Resource] = {}
    for each in deleted(aws, stack):
        if state is None or each.id != state.id:
            had.update({one.physical_id: one for one in resources(aws, each.id)})
    return _data(aws, [one for name, one in had.items() if name not in own])


def log_group_names(had: Iterable[Resource]) -> tuple[str, ...]:
    """Return the log groups of a stack: its own, and those that Lambda creates for its functions.

    Exact names, because a prefix would also match the log groups of a stack whose name is longer.
    """
    had = list(had)
    made_by_lambda = (f"/aws/lambda/{name}" for name in _named(had, "AWS::Lambda::Function"))
    return tuple(dict.fromkeys([*_named(had, "AWS::Logs::LogGroup"), *made_by_lambda]))


def _data(aws: Aws, had: Iterable[Resource]) -> DataFound:
    had = list(had)
    found_buckets = (buckets.contents(aws, name) for name in _named(had, "AWS::S3::Bucket"))
    found_tables = (tables.table(aws, name) for name in _named(had, "AWS::DynamoDB::Table"))
    return DataFound(
        tuple(each for each in found_buckets if each), tuple(each for each in found_tables if each)
    )


def _named(had: Iterable[Resource], kind: str) -> tuple[str, ...]:
    return tuple(sorted({each.physical_id for each in had if each.type == kind}))


def _deleted(resource: Resource) -> bool:
    return resource.status == "DELETE_COMPLETE"


def _artifacts(aws: Aws, stack: str, state: StackState | None) -> tuple[ArtifactsFound, ...]:
    """Return what lies in the bucket that the stack was deployed from, and in the one that we make."""
    named = code_bucket(aws, state.id) if state else None
    ours = artifacts.default_bucket(stack, aws.account, aws.region)
    found = []
    for name in dict.fromkeys([each for each in (named, ours) if each]):
        contents = buckets.contents(aws, name, artifacts.key_prefix(stack))
        owned = contents is not None and artifacts.is_ours(aws, name, stack) is True
        if contents and (owned or not contents.empty):
            found.append(ArtifactsFound(contents, owned))
    return tuple(found)
