"""Labels by words that are no labels: a sofa is a Couch, a puppy a Dog.

The words are English nouns of WordNet, in `near_words.tsv`, which scripts/make_near_words.py makes. A word
has the label that means the same, else more general ones, else those of what it covers. There is no more to
it: words alone are known, neither sentences nor what they say together.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_VOCABULARY = files("imageproc").joinpath("local", "recognition", "vocabulary.tsv")
"""Read as data: recognition itself need not be installed."""

_TABLE = files("imageproc").joinpath("catalog", "near_words.tsv")
_PLURALS = (("ies", "y"), ("ves", "f"), ("es", ""), ("s", ""))


@cache
def labels() -> dict[str, str]:
    """Return the labels that the local recognition can give, by their names in small letters.

    Rekognition has more; what it has given is known from the photos.
    """
    lines = _VOCABULARY.read_text(encoding="utf-8").splitlines()
    found = [line.split("\t")[1] for line in lines if line.startswith("label\t")]
    return {name.casefold(): name for name in found}


def near_labels(word: str) -> tuple[str, ...]:
    """Return the labels that a word comes near to; none for a label itself, and for what is not known."""
    name = word.casefold()
    if name in labels():
        return ()
    for one in _singulars(name):
        if one in labels():
            return (labels()[one],)
        if found := _table().get(one):
            return tuple(found.split(", "))
    return ()


def _singulars(name: str) -> Iterator[str]:
    yield name
    for plural, singular in _PLURALS:
        if name.endswith(plural) and len(name) > len(plural) + 1:
            yield name.removesuffix(plural) + singular


@cache
def _table() -> dict[str, str]:
    """Return the labels of each word, as they are written."""
    found = dict[str, str]()
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            near, words = line.split("\t")
            found.update(dict.fromkeys(words.split(", "), near))
    return found
