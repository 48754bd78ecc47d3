"""The tables and log groups that a stack may leave behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, is_missing
from imageproc.deployment.events import Removed
from imageproc.errors import SweepFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imageproc.aws.clients import Aws
    from imageproc.deployment.events import Event

_POLL_SECONDS = 2.0
_MAX_POLLS = 150


@dataclass(frozen=True)
class TableContents:
    """A table. `items` and `size` (bytes) are DynamoDB's own count, which it brings up to date every six
    hours.
    """

    name: str
    items: int
    size: int
    protected: bool = False


@dataclass(frozen=True)
class LogGroup:
    """A log group. `size` in bytes, as stored."""

    name: str
    size: int


def table(aws: Aws, name: str) -> TableContents | None:
    """Return what a table holds; None if there is none, or it is just being deleted."""
    try:
        found = aws.dynamodb.describe_table(TableName=name)["Table"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    if found.get("TableStatus") == "DELETING":
        return None
    protected = found.get("DeletionProtectionEnabled", False)
    return TableContents(name, found.get("ItemCount", 0), found.get("TableSizeBytes", 0), protected)


def delete_table(aws: Aws, name: str, sleep: Callable[[float], None]) -> Iterator[Event]:
    """Remove a table, protected or not, and wait until it is gone."""
    found = table(aws, name)
    if found is None:
        return
    if found.protected:
        aws.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    for _ in range(_MAX_POLLS):
        if _deletion_begun(aws, name):
            yield Removed("table", name)
            return
        sleep(_POLL_SECONDS)
    raise SweepFailedError(
        f"The table {name} stays in use and could not be removed. Try again later.", [name]
    )


def _deletion_begun(aws: Aws, name: str) -> bool:
    """Ask for a table's deletion; False while another change of it is under way."""
    try:
        aws.dynamodb.delete_table(TableName=name)
    except ClientError as error:
        if error_code(error) == "ResourceInUseException":
            return False
        if not is_missing(error):
            raise
    return True


def log_group(aws: Aws, name: str) -> LogGroup | None:
    """Return a log group; None if there is none."""
    pages = aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    for page in pages:
        for each in page["logGroups"]:
            if each["logGroupName"] == name:
                return LogGroup(name, each.get("storedBytes", 0))
    return None


def delete_log_group(aws: Aws, name: str) -> Iterator[Event]:
    """Remove a log group, if there is one."""
    try:
        aws.logs.delete_log_group(logGroupName=name)
    except ClientError as error:
        if not is_missing(error):
            raise
    else:
        yield Removed("log group", name)
