"""What a stack and its photos cost on AWS, from what is deployed and what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imageproc.aws.clients import Aws
from imageproc.aws.errors import translated
from imageproc.client.photos import Photo
from imageproc.client.target import Target
from imageproc.core.record import FILE_SIZE
from imageproc.costs import AVERAGE_MEGABYTES, Estimate, estimate
from imageproc.deployment.stack import describe


def of_stack(target: Target, stack: str, photos: int, parameters: Mapping[str, str]) -> Estimate:
    """Return what so many photos would cost, with these parameters and else those that the stack has.

    Raises ValueError for a negative number of photos, AwsError.
    """
    return estimate(photos, AVERAGE_MEGABYTES, {**_present(target, stack), **parameters})


def of_photos(target: Target, stack: str, photos: Iterable[Photo]) -> Estimate:
    """Return what these photos cost, by their number and the average of their sizes. Raises AwsError."""
    sizes = [photo.record.get(FILE_SIZE) for photo in photos]
    known = [float(size) for size in sizes if size]
    average = sum(known) / len(known) / 1e6 if known else AVERAGE_MEGABYTES
    return estimate(len(sizes), average, _present(target, stack))


def _present(target: Target, stack: str) -> Mapping[str, str]:
    """Return the stack's parameters; none if it is not deployed."""
    with translated(f"Looking at the stack {stack}"):
        state = describe(Aws(target), stack)
    return state.parameters if state else {}
