"""One line of text that says which photos: words, and terms such as `tag:Dog>90`.

- `dog beach`: words that all have to occur, as `where(text=…)` takes them; `"in quotation marks"` as well.
- `camera:canon`: contains it; `camera:canon*` with `*` and `?` is the whole text, and so is
  `camera:"Canon EOS 5D"`. The same for `lens`, `make`, `model`, `software`, `artist`, `description`, `name`
  and `error`.
- `tag:Dog`, `tag:"Motor Vehicle"`, `tag:Dog>90` (a confidence of at least 90 percent).
- `taken:2014`, `taken:2014-05..2014-09`, `uploaded:2024-01-31..`: both ends included.
- `megapixels:12..`, `file_size:>5MB`, `f_number:<2.8`, `exposure_time:1/60..1`: both ends included, also
  after `>` and `<`.
- `near:52.5,13.4,50km`; `within:south,west,north,east`; `has:place`, `has:date`.
- `album:Trip`, `user:ann`, `status:failed`, `format:png`, `missing:tags`, `id:…`.
- A word that is found nowhere stands for the labels that it comes near to, if it is a noun that has some:
  `sofa` for Couch; a year for the photos taken in it. `"in quotation marks"` it is just that word.
- `status:failed,rejected`: one of them. `-tag:Dog`, `-dog`, `-has:place`: not.

>>> search = parse('beach -tag:"Motor Vehicle" camera:canon taken:2014..')
>>> search.python("workbench.photos")
"workbench.photos.where(text='beach', camera='*canon*', taken=('2014', None)) & \
~workbench.photos.where(tag='Motor Vehicle')"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from imageproc.catalog.arguments import ARGUMENTS
from imageproc.catalog.fields import nearest_field
from imageproc.catalog.near_words import near_labels
from imageproc.errors import InvalidArgumentError, QueryError

if TYPE_CHECKING:
    from imageproc.client.photos.view import PhotoView

Conditions = Mapping[str, Any]
"""Arguments of `Photos.where`."""

_TERM = re.compile(r'(-(?=\S))?(?:([A-Za-z_]\w*):)?((?:"[^"]*"|[^\s"])*)')
_PART = re.compile(r'((?:"[^"]*"|[^,"])*)(?:,|$)')
_CONFIDENCE = re.compile(r"(.+)>\s*(\d+(?:\.\d+)?)\s*%?")
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?)(?:/(\d+(?:\.\d+)?))?\s*(kb|mb|gb|)", re.IGNORECASE)
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_OPERATORS = {
    "OR": "Write the alternatives with a comma: tag:cat,dog.",
    "AND": "Leave it out: all words have to occur.",
    "NOT": "Write a minus: -dog.",
}
"""What other searches put between words, and how it is written here."""
_BYTES = {"": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9}

_PATTERNS = ("camera", "lens", "make", "model", "software", "artist", "description", "name", "error")
_SEVERAL = ("tag", *_PATTERNS, "status", "format", "user", "id")
"""Fields of which `where` takes several alternatives at once."""
_PLACES = {"near": "latitude,longitude,distance", "within": "south,west,north,east"}
"""What is written of a place, in order."""
_EXAMPLES = {"near": "near:52.5,13.4,50km", "within": "within:47,5,55,15"}
_NOT_TERMS = ("text", "min_confidence", "has_place", "has_date", "album_id", "id_or_name")
FIELDS = tuple(sorted({*ARGUMENTS, "album", "has"} - set(_NOT_TERMS)))
"""The fields of terms."""


@dataclass(frozen=True)
class Term:
    """A word or a term."""

    text: str
    """As it was written."""
    conditions: tuple[Conditions, ...]
    """One of these has to hold."""
    negated: bool = False
    meant: tuple[str, ...] = ()
    """What a word stands for which is found nowhere itself: labels, or the term for a year."""

    @property
    def shown(self) -> str:
        """The term, and what it was understood as."""
        return f"{self.text} → {', '.join(self.meant)}" if self.meant else self.text

    def understood(self, view: PhotoView) -> Term:
        """Return the term with what its word stands for, if none of these photos has the word."""
        word = "" if '"' in self.text else self.conditions[0].get("text", "")
        labels = near_labels(word)
        year = bool(_YEAR.fullmatch(word))
        if not (labels or year) or view.where(text=word).count():
            return self
        if year:
            return replace(self, conditions=({"taken": word},), meant=(f"taken:{word}",))
        return replace(self, conditions=({"tag": list(labels)},), meant=labels)


@dataclass(frozen=True)
class Search:
    """What a line of text asks for: all of its terms."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        """Return it as text."""
        return " ".join(term.text for term in self.terms)

    def without(self, index: int) -> Search:
        """Return all but one of its terms."""
        return Search(self.terms[:index] + self.terms[index + 1 :])

    def text_within(self, box: tuple[float, float, float, float]) -> str:
        """Return the text of the same search in an area: south, west, north and east, in degrees."""
        terms = [term.text for term in self.terms if "within" not in term.conditions[0]]
        return " ".join([*terms, "within:" + ",".join(f"{side:g}" for side in box)])

    def understood(self, view: PhotoView) -> Search:
        """Return it with the labels that words stand for which none of these photos has."""
        return Search(tuple(term.understood(view) for term in self.terms))

    def apply(self, view: PhotoView) -> PhotoView:
        """Return those of these photos that it asks for. Raises as `Photos.where` does."""
        for term in self.terms:
            if len(term.conditions) == 1 and not term.negated:
                view = view.where(**term.conditions[0])
            else:
                found = reduce(or_, (view.photos.where(**one) for one in term.conditions))
                view &= ~found if term.negated else found
        return view

    def python(self, photos: str, base: str = "") -> str:
        """Return it as Python; `photos` stands for all photos, `base` for those that are searched."""
        plain, others = dict[str, Any](), []
        for term in self.terms:
            (one, *more) = term.conditions
            if term.negated or more or not _merged(plain, one):
                alternatives = " | ".join(_call(photos, each) for each in term.conditions)
                found = f"({alternatives})" if more else alternatives
                others.append(f"~{found}" if term.negated else found)
        return " & ".join([_call(base or photos, plain) if plain or not base else base, *others])


def parse(text: str) -> Search:
    """Return what a line of text asks for.

    Raises QueryError for what cannot be read, with the nearest names of an unknown field. Whether there is
    such a tag or album, and whether a time is one, is found out when it is applied.
    """
    if not isinstance(text, str):
        raise InvalidArgumentError(f"{text!r} is no text to search for.", "Such as 'dog taken:2014'.")
    if text.count('"') % 2:
        raise QueryError("A quotation mark is not closed.", 'Write "…" with two of them.')
    found = []
    for match in _TERM.finditer(text):
        minus, field, value = match.groups()
        if value or field:
            found.append(Term(match[0], _conditions(field, value), bool(minus)))
    return Search(tuple(found))


def term_text(field: str, value: object) -> str:
    """Return the term for just this value of a field."""
    text = str(value).replace('"', "?")
    exact = field in _PATTERNS or re.search(r"[\s,>*?-]|\.\.", text) or not text
    return f'{field}:"{text}"' if exact else f"{field}:{text}"


def _conditions(field: str | None, value: str) -> tuple[Conditions, ...]:
    if field is None:
        if value in _OPERATORS:
            raise QueryError(f"{value} is no operator here.", f'{_OPERATORS[value]} "{value}" is the word.')
        return ({"text": value.replace('"', "")},)
    name = field.casefold()
    if name not in FIELDS:
        raise QueryError(
            f"There is no field {field!r}. {nearest_field(name, FIELDS)}",
            'To search for the text itself, write "…".',
        )
    parts = [part for part in _PART.findall(value) if part.strip(' "')]
    if not parts:
        raise QueryError(f"{field}: says nothing yet.", "Write what it should be after the colon.")
    return _alternatives(name, parts)


def _alternatives(name: str, parts: list[str]) -> tuple[Conditions, ...]:
    if name in _PLACES:
        if len(parts) != len(_PLACES[name].split(",")):
            raise QueryError(
                f"{name} cannot be {','.join(parts)!r}.",
                f"Write {name}:{_PLACES[name]}, {_EXAMPLES[name]}, say.",
            )
        return ({name: tuple(_degrees(part) for part in parts)},)
    found = [_READERS.get(name, _plain)(name, part) for part in parts]
    if name not in _SEVERAL or len(found) == 1 or len({one.get("min_confidence") for one in found}) > 1:
        return tuple(found)
    return ({**found[0], name: [one[name] for one in found]},)


def _unquoted(part: str) -> str:
    return part.replace('"', "").strip()


def _plain(name: str, part: str) -> Conditions:
    return {name: _unquoted(part)}


def _pattern(name: str, part: str) -> Conditions:
    text = _unquoted(part)
    return {name: text if '"' in part or "*" in text or "?" in text else f"*{text}*"}


def _tag(name: str, part: str) -> Conditions:
    found = _CONFIDENCE.fullmatch(part)
    if not found:
        return {name: _unquoted(part)}
    return {name: _unquoted(found[1]), "min_confidence": float(found[2])}


def _has(_: str, part: str) -> Conditions:
    name = f"has_{_unquoted(part).casefold()}"
    if name not in ("has_place", "has_date"):
        raise QueryError(f"has: cannot be {_unquoted(part)!r}.", "Write has:place or has:date.")
    return {name: True}


def _time(name: str, part: str) -> Conditions:
    begin, dots, end = _unquoted(part).partition("..")
    return {name: (begin or None, end or None) if dots else begin}


def _range(name: str, part: str) -> Conditions:
    return {name: read_range(name, _unquoted(part))}


def read_range(name: str, text: str) -> float | tuple[float | None, float | None] | None:
    """Return a number, or the first and the last of a range, None for no limit, of a field.

    Raises QueryError for anything else than `12`, `12..24`, `12..`, `>12`, `<12`, `1/250` or `5MB`.
    """
    begin, dots, end = text.partition("..")
    if text.startswith(("<", ">")):
        begin, dots, end = ("", "..", text[1:]) if text[0] == "<" else (text[1:], "..", "")
    if not begin + end:
        begin = text  # which is refused
    low, high = (_number(name, one.lstrip("= ")) if one else None for one in (begin, end))
    return (low, high) if dots else low


def _number(name: str, text: str) -> float:
    found = _NUMBER.fullmatch(text.strip())
    if not found or (found[2] and not float(found[2])):
        raise QueryError(
            f"{name} cannot be {text!r}.", f"Write {name}:12, {name}:>12, {name}:<12 or {name}:12..24."
        )
    return float(found[1]) / float(found[2] or 1) * _BYTES[found[3].casefold()]


def _degrees(part: str) -> float | str:
    """Return a number, or a text (a distance, say), which `where` checks."""
    try:
        return float(_unquoted(part))
    except ValueError:
        return _unquoted(part)


_READERS: dict[str, Callable[[str, str], Conditions]] = {
    **dict.fromkeys(FIELDS, _range),
    **dict.fromkeys(("album", "user", "status", "format", "missing", "id"), _plain),
    **dict.fromkeys(_PATTERNS, _pattern),
    **dict.fromkeys(("taken", "uploaded"), _time),
    "tag": _tag,
    "has": _has,
}


def _merged(plain: dict[str, Any], more: Conditions) -> bool:
    """Put conditions to others if they say nothing of the same field, and return whether they were."""
    if set(plain) & set(more) - {"text"}:
        return False
    words = " ".join(one["text"] for one in (plain, more) if "text" in one)
    plain.update({**more, "text": words} if words else more)
    return True


def _call(photos: str, conditions: Conditions) -> str:
    return f"{photos}.where({', '.join(f'{name}={value!r}' for name, value in conditions.items())})"
