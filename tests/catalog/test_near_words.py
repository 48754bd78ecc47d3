"""A word that is no label has near ones, and mostly the right ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from imageproc.catalog.names import TagNames
from imageproc.catalog.near_words import labels, near_labels
from imageproc.errors import QueryError

QUERIES = Path(__file__).with_name("near_word_queries.tsv")
NONE = "-"


def queries(part: int) -> list[tuple[str, set[str]]]:
    """Return the words of every second line, each with the labels that are right."""
    lines = [line.split("\t") for line in QUERIES.read_text().splitlines() if not line.startswith("#")]
    return [(word, set(right.split(", "))) for word, right in lines[part::2]]


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("sofa", ("Couch",)),
        ("Puppy", ("Dog",)),
        ("automobile", ("Car",)),
        ("dogs", ("Dog",)),
        ("automobiles", ("Car",)),
        ("couch", ()),
        ("happiness", ()),
        ("a dog on a sofa", ()),
        ("", ()),
    ],
)
def test_a_word_has_near_labels_and_a_label_or_a_sentence_none(word: str, near: tuple[str, ...]) -> None:
    assert near_labels(word) == near


def test_words_that_were_not_looked_at_mostly_have_a_right_label() -> None:
    known = [(set(near_labels(word)), right) for word, right in queries(1) if right != {NONE}]
    answered = [(near, right) for near, right in known if near]
    right_ones = [near for near, right in answered if near & right]
    precision = sum(len(near & right) / len(near) for near, right in answered) / len(answered)
    assert len(answered) >= 0.8 * len(known)
    assert precision >= 0.7
    assert len(right_ones) >= 0.65 * len(known)


def test_what_is_near_is_a_label() -> None:
    near = {label for word, _ in queries(0) + queries(1) for label in near_labels(word)}
    assert near <= set(labels().values())


def test_a_wrong_tag_is_told_with_the_labels_that_it_may_mean() -> None:
    names = TagNames()
    names.add(["Couch", "Soda"])
    with pytest.raises(QueryError, match=r"No photo has the tag 'sofa'. Did you mean 'Couch'\?"):
        names.spelled("sofa")


def test_a_word_that_is_a_place_to_whoever_searches_is_no_label() -> None:
    assert near_labels("Berlin") == near_labels("manhattan") == ()
    assert near_labels("limo") == ("Limousine",)
