"""What all stages ask CloudFormation about a stack: its state, its resources, its events."""

from imageproc.deployment.stack.feed import EventFeed, first_failure, follow, is_end
from imageproc.deployment.stack.state import (
    Resource,
    StackState,
    code_bucket,
    deleted,
    describe,
    describe_ours,
    resources,
    template_of,
)

__all__ = [
    "EventFeed",
    "Resource",
    "StackState",
    "code_bucket",
    "deleted",
    "describe",
    "describe_ours",
    "first_failure",
    "follow",
    "is_end",
    "resources",
    "template_of",
]
