"""What a stack and its photos cost on AWS, from what is deployed and what is recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from imageproc.aws.clients import Aws
from imageproc.aws.translation import translated
from imageproc.client.photos.photo import Photo
from imageproc.client.stack import Stack
from imageproc.costs import AVERAGE_MEGABYTES, Bill, Estimate, estimate, reprocessing
from imageproc.deployment import describe


def of_stack(stack: Stack, photos: int, parameters: Mapping[str, str]) -> Estimate:
    """Return what so many photos would cost, with these parameters and else those that the stack has.

    Raises ValueError for a negative number of photos, AwsError.
    """
    return estimate(photos, AVERAGE_MEGABYTES, {**parameters_of(stack), **parameters})


def of_photos(stack: Stack, photos: Iterable[Photo]) -> Estimate:
    """Return what these photos cost, by their number and the average of their sizes. Raises AwsError."""
    return estimate(*_sizes(photos), parameters_of(stack))


def of_reprocessing(photos: Iterable[Photo], parameters: Mapping[str, str]) -> Bill:
    """Return what processing these photos again costs, all of each, with these parameters."""
    return reprocessing(*_sizes(photos), parameters)


def _sizes(photos: Iterable[Photo]) -> tuple[int, float]:
    """Return how many photos there are, and their average size in MB."""
    sizes = [photo.file_size for photo in photos]
    known = [float(size) for size in sizes if size]
    return len(sizes), sum(known) / len(known) / 1e6 if known else AVERAGE_MEGABYTES


def parameters_of(stack: Stack) -> Mapping[str, str]:
    """Return the stack's parameters; those that it is created with if nothing is deployed yet.

    Raises AwsError.
    """
    with translated(f"Looking at the stack {stack.name}"):
        state = describe(Aws(stack.target), stack.name)
    return stack.initial_parameters if state is None or state.new else state.parameters
