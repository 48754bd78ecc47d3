"""What can go wrong while deploying or removing a stack.

::

    DeploymentError
    ├── TemplateError               the template's sources are missing or cannot be assembled
    ├── PackagingError              a zip cannot be built: no pip, no network, no such wheel
    ├── ParameterError              a stack parameter, stack name or bucket name that cannot be
    ├── BucketTakenError            the artifacts bucket's name belongs to another account
    ├── ForeignStackError           the stack was not made by this project: hands off
    ├── StackBusyError              another operation on the stack is running
    ├── StackStuckError             the stack's state needs a decision that only its owner can take
    ├── PlanDeclinedError           a step that planning needs was asked for, and declined
    ├── PlanRejectedError           CloudFormation refused the change set
    ├── PlanStaleError              the plan was applied, discarded or overtaken by another one
    ├── DeploymentFailed            a resource failed: which, and why; the rollback is over
    └── SweepFailedError            something could not be removed: what, and why

What AWS itself refuses is in `imageproc.aws.errors`. Each message holds what was being done, the cause, and
what to do about it.
"""

from __future__ import annotations

from collections.abc import Sequence


class DeploymentError(Exception):
    """Base of all errors of the deployment side."""


class TemplateError(DeploymentError):
    """The template's sources are missing or cannot be assembled."""


class PackagingError(DeploymentError):
    """A zip for Lambda cannot be built."""


class ParameterError(DeploymentError):
    """A stack parameter, a stack's name or a bucket's name that cannot be."""


class BucketTakenError(DeploymentError):
    """The artifacts bucket's name belongs to another account."""


class ForeignStackError(DeploymentError):
    """The stack was not made by this project."""


class StackBusyError(DeploymentError):
    """Another operation on the stack is running."""


class StackStuckError(DeploymentError):
    """The stack's state needs a decision that only its owner can take."""


class PlanDeclinedError(DeploymentError):
    """A step that planning needs was asked for, and declined: nothing was changed."""


class PlanRejectedError(DeploymentError):
    """CloudFormation refused the change set."""


class PlanStaleError(DeploymentError):
    """The plan was applied, discarded or overtaken by another one."""


class DeploymentFailed(DeploymentError):  # noqa: N818 - says what happened, beside its event `Deployed`
    """A resource failed, and the stack was rolled back.

    `logical_id` and `reason` name the first resource that failed, `status` is the stack's after the rollback.
    """

    def __init__(self, stack: str, status: str, logical_id: str, reason: str) -> None:
        """Say what failed first, and where that left the stack."""
        self.stack, self.status, self.logical_id, self.reason = stack, status, logical_id, reason
        super().__init__(f"{logical_id} failed: {reason} The stack {stack} is now {status}.")


class SweepFailedError(DeploymentError):
    """Something could not be removed. `left` names what is still there."""

    def __init__(self, message: str, left: Sequence[str] = ()) -> None:
        """Keep what is left beside the message."""
        self.left = tuple(left)
        super().__init__(message)
