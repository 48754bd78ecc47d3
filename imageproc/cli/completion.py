"""What the shells offer after Tab: albums, users, labels, photos and fields, from the catalog's files.

Nothing is asked of AWS, no local AWS is started, and after an error nothing is offered: people wait at every
Tab. So what is offered is as of the last time that the catalog was asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import click

from imageproc.client.defaults import DEFAULT_STACK, LOCAL
from imageproc.client.last_known import LastKnown, field_names

Completer = Callable[[click.Context, click.Parameter, str], list[str]]

_MOST = 200
"""More is no help."""


def of(values: Iterable[str]) -> Completer:
    """Return what offers these values."""
    return lambda _, __, start: _beginning(start, values)


def _known(read: Callable[[LastKnown, str], Iterable[str]]) -> Completer:
    """Return what offers names that the catalog has."""

    def offered(context: click.Context, _: click.Parameter, start: str) -> list[str]:
        try:
            catalog = _catalog(context)
            return _beginning(start, read(catalog, start)) if catalog else []
        except Exception:  # noqa: BLE001 - whatever it is, an error's text would stand in the command line
            return []

    return offered


albums = _known(lambda catalog, _: catalog.albums())
users = _known(lambda catalog, _: catalog.users())
labels = _known(lambda catalog, _: catalog.labels())
cameras = _known(lambda catalog, _: catalog.values("camera"))
lenses = _known(lambda catalog, _: catalog.values("lens"))
photos = _known(lambda catalog, start: catalog.photos(start))


def albums_and_photos(context: click.Context, parameter: click.Parameter, start: str) -> list[str]:
    """Offer both."""
    return [*albums(context, parameter, start), *photos(context, parameter, start)]


def fields(_: click.Context, __: click.Parameter, start: str) -> list[str]:
    """Offer the fields that photos are sorted and counted by."""
    return _beginning(start, field_names())


def _catalog(context: click.Context) -> LastKnown | None:
    """Return the catalog of the stack that the command line, or the environment, names."""
    given = context.params
    target = given.get("target_name") or os.environ.get("IMAGEPROC_TARGET") or LOCAL
    stack = given.get("stack_name") or os.environ.get("IMAGEPROC_STACK") or DEFAULT_STACK
    return LastKnown.of(target, stack, given.get("region") or os.environ.get("AWS_REGION"))


def _beginning(start: str, values: Iterable[str]) -> list[str]:
    """Return the values that begin like this, upper and lower case alike; none that does not print."""
    begin = start.casefold()
    found = (one for one in values if one.casefold().startswith(begin) and one.isprintable())
    return sorted(found, key=str.casefold)[:_MOST]
