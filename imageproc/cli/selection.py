"""The options that select photos: the same for every command, each as `Photos.where` has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from imageproc.cli import completion
from imageproc.cli.options import Command
from imageproc.core.parts import Part
from imageproc.core.record import Status
from imageproc.errors import QueryError

if TYPE_CHECKING:
    from imageproc import PhotoView, Workbench

SUCH_AS = "--album, --tag, --taken"
"""Some of the options that select photos."""


@dataclass(frozen=True)
class PhotoOptions:
    """What a command line says of the photos that are meant."""

    conditions: Mapping[str, Any]
    """As `Photos.where` takes them."""
    sort: str | None = None
    """A field; with `-` before it, the greatest first."""
    limit: int | None = None

    @property
    def given(self) -> bool:
        """Whether some photos are meant, and not all of them."""
        return bool(self.conditions) or self.limit is not None

    @property
    def options(self) -> str:
        """The options that were given, as they are written."""
        given = [_written(name, value) for name, value in self.conditions.items()]
        return ", ".join([*given, "--limit"] if self.limit is not None else given)

    def among(self, workbench: Workbench) -> PhotoView:
        """Return the view of these photos, of what the table has now.

        Raises QueryError, InvalidArgumentError, AlbumNotFoundError, CatalogError, AwsError.
        """
        workbench.catalog.sync()
        view = workbench.photos.where(**self.conditions)
        if self.sort is not None:
            view = view.sort_by(self.sort.removeprefix("-"), descending=self.sort.startswith("-"))
        return view if self.limit is None else view.limit(self.limit)


def selection(*, without: tuple[str, ...] = (), part: bool = True) -> Callable[[Command], Command]:
    """Give a command the options that select photos, as one argument `selection`, a PhotoOptions.

    `without` names those that the command has itself. Without `part` there is no --sort and no --limit.
    """
    chosen = {name: option for name, option in _CONDITIONS.items() if name not in without}
    parts = _PARTS if part else {}

    def decorated(command: Command) -> Command:
        @wraps(command)
        def wrapped(**given: Any) -> Any:
            conditions = {name: given.pop(name) for name in chosen}
            conditions = {name: value for name, value in conditions.items() if value is not None}
            options = PhotoOptions(conditions, **{name: given.pop(name) for name in parts})
            return command(selection=options, **given)

        for option in reversed([*chosen.values(), *parts.values()]):
            wrapped = option(wrapped)
        return wrapped

    return decorated


def refuse_both(selection: PhotoOptions, named: bool, what: str) -> None:
    """Raise UsageError if photos (or `what` else can be named) are named and selected, or neither."""
    if named and selection.given:
        raise click.UsageError(
            f"{what.capitalize()} are named, and conditions given ({selection.options}): use one. Leave out "
            "the names to mean all photos that meet the conditions, or the conditions to mean those named."
        )
    if not (named or selection.given):
        raise click.UsageError(f"Name {what}, or select photos: {SUCH_AS} …")


def _written(name: str, value: object) -> str:
    option = name.replace("_", "-")
    return f"--no-{option.removeprefix('has-')}" if value is False else f"--{option}"


def _several(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> Any:
    """Return one value as such, several as a list, and None if there is none."""
    return value[0] if len(value) == 1 else list(value) or None


def _listed(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> Any:
    """Return values as `_several` does; with commas, one has several of them."""
    return _several(context, option, tuple(part.strip() for text in value for part in text.split(",")))


def _span(text: str) -> Any:
    """Return `A..B` as (A, B), None for no limit; any other text as it is."""
    begin, dots, end = text.partition("..")
    return (begin.strip() or None, end.strip() or None) if dots else text.strip()


def _numbers(text: str) -> Any:
    """Read what the gallery's search takes, too: `12..24`, `>5MB`, `1/250`."""
    from imageproc.client.photos.search import read_range

    return read_range("", text)


def _near(text: str) -> tuple[float, float, str]:
    latitude, longitude, distance = text.split(",")
    return float(latitude), float(longitude), distance


def _within(text: str) -> tuple[float, ...]:
    south, west, north, east = map(float, text.split(","))
    return south, west, north, east


class _Parsed(click.ParamType[Any]):
    """A value that is written in a form of ours; whether it makes sense, the catalog says."""

    def __init__(self, name: str, parse: Callable[[str], Any], example: str) -> None:
        self.name, self._parse, self._example = name, parse, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except (ValueError, QueryError):
            self.fail(f"{value!r} is not {self.name}; write {self._example}, say.", param, ctx)


_TIME = _Parsed("a time", _span, "2014, 2014-05, 2014-05-31 or 2014-05..2014-09")
_NUMBERS = _Parsed("a number or a range", _numbers, "12, 12.., ..24, 12..24, >12 or 5MB..")
_NEAR = _Parsed("a place and a distance", _near, "52.5,13.4,50km")
_WITHIN = _Parsed("a rectangle", _within, "47,5,55,15 (south, west, north, east)")


def _text(name: str, metavar: str, text: str, complete: completion.Completer | None = None) -> Any:
    return click.option(f"--{name}", metavar=metavar, help=text, shell_complete=complete)


def _texts(name: str, metavar: str, text: str, complete: completion.Completer | None = None) -> Any:
    return click.option(
        f"--{name}", metavar=metavar, help=text, shell_complete=complete, multiple=True, callback=_several
    )


def _choices(name: str, metavar: str, values: tuple[str, ...]) -> Any:
    help_text = f"{', '.join(values)}; several with commas: any of them."
    complete = completion.of(values)
    return click.option(
        f"--{name}", metavar=metavar, help=help_text, shell_complete=complete, multiple=True, callback=_listed
    )


def _range(name: str, what: str) -> Any:
    return click.option(
        f"--{name}", type=_NUMBERS, metavar="A..B", help=f"{what}: a number, A.., ..B or A..B."
    )


_CONDITIONS: dict[str, Any] = {
    "tag": _texts(
        "tag",
        "LABEL",
        "Photos with this label, or a more special one; several times: any.",
        completion.labels,
    ),
    "min_confidence": click.option(
        "--min-confidence", type=float, metavar="PERCENT", help="At least so confident, with --tag."
    ),
    "camera": _texts("camera", "TEXT", "Make and model, with * and ?: 'Canon*'.", completion.cameras),
    "lens": _texts("lens", "TEXT", "The lens, with * and ?.", completion.lenses),
    "taken": click.option(
        "--taken", type=_TIME, metavar="TIME", help="2014, 2014-05-31, 2014-05..2014-09, 2014.."
    ),
    "uploaded": click.option("--uploaded", type=_TIME, metavar="TIME", help="The same, in UTC."),
    "near": click.option(
        "--near",
        type=_NEAR,
        metavar="LAT,LON,KM",
        help="At most so many km (m, mi) from a place: 52.5,13.4,50km.",
    ),
    "within": click.option(
        "--within", type=_WITHIN, metavar="S,W,N,E", help="In a rectangle: south, west, north, east."
    ),
    "has_place": click.option("--has-place/--no-place", default=None, help="With or without a place."),
    "has_date": click.option("--has-date/--no-date", default=None, help="With or without a date."),
    "text": _text(
        "text",
        "WORDS",
        "Words that are all in name, camera or lens, or begin a word of tags, description, artist or album.",
    ),
    "name": _texts("name", "TEXT", "The file's name, with * and ?."),
    "album": _text("album", "ALBUM", "Only this album's (name or ID).", completion.albums),
    "user": _text("user", "USER", "Only this user's; with --album, whose album it is.", completion.users),
    "status": _choices("status", "STATUS", tuple(Status)),
    "format": _choices("format", "FORMAT", ("JPEG", "PNG")),
    "missing": _text("missing", "PART", f"Without this part: {', '.join(Part)}.", completion.of(Part)),
    "error": _texts("error", "NAME", "The error's name, with * and ?."),
    "megapixels": _range("megapixels", "Megapixels"),
    "file_size": _range("file-size", "Bytes, also 500kB, 5MB, 1GB"),
    "focal_length": _range("focal-length", "Millimetres"),
    "exposure_time": _range("exposure-time", "Seconds, also 1/250"),
    "f_number": _range("f-number", "The f-number"),
    "sensitivity": _range("sensitivity", "ISO"),
}
_PARTS: dict[str, Any] = {
    "sort": click.option(
        "--sort",
        metavar="FIELD",
        help="Order by this field, -FIELD the greatest first; by default the newest upload first.",
        shell_complete=completion.fields,
    ),
    "limit": click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Only the first so many."),
}
