"""What can be checked before anything is deployed: of an account of AWS, or of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from imageproc.client.doctor.account import check_account
from imageproc.client.doctor.checks import Check, Outcome, failed
from imageproc.client.doctor.machine import check_machine
from imageproc.client.target import AWS, LOCAL, Target
from imageproc.errors import ImageprocError

__all__ = ["Check", "Outcome", "examine"]


def examine(
    target: str | None,
    stack_name: str,
    parameters: Mapping[str, str],
    *,
    profile: str | None = None,
    region: str | None = None,
) -> Iterator[Check]:
    """Yield what was found, one check at a time. Changes and starts nothing.

    `target` is `local` or `aws`, by default what `IMAGEPROC_TARGET` says; `parameters` are the template's
    that would be given.
    """
    if (target or os.environ.get("IMAGEPROC_TARGET") or LOCAL) != AWS:
        yield from check_machine(stack_name)
        return
    try:
        opened = Target.aws(profile or None, region or None)
    except ImageprocError as error:
        yield failed("credentials", error)
        return
    yield from check_account(opened, stack_name, parameters)
