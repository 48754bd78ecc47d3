"""A stack's name, and the stack that may have it already."""

from __future__ import annotations

from imageproc.aws.clients import Aws
from imageproc.aws.translation import translated
from imageproc.client.doctor.checks import Check, Outcome, failed
from imageproc.deployment.artifacts import check_stack_name
from imageproc.deployment.plan.recovery import is_broken
from imageproc.deployment.stack import describe_ours
from imageproc.errors import ParameterError


def check_name(stack: str) -> Check:
    """Say whether a stack may have this name: its functions' names begin with it."""
    try:
        check_stack_name(stack)
    except ParameterError as error:
        return failed("stack name", error)
    return Check("stack name", Outcome.OK, stack)


def check_state(aws: Aws, stack: str) -> Check:
    """Say what deploying would find. Raises ForeignStackError, AwsError."""
    with translated(f"Looking for the stack {stack}"):
        state = describe_ours(aws, stack)
    if state is None:
        return Check("stack", Outcome.OK, f"There is no {stack} yet: it would be made.")
    found = f"{stack} is {state.status}"
    if state.busy:
        return Check("stack", Outcome.WARNING, found, "Wait until the operation that runs is over.")
    if is_broken(state):
        return Check("stack", Outcome.WARNING, found, "imageproc deploy asks, and brings it back first.")
    return Check("stack", Outcome.OK, found)
