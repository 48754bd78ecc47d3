"""Labels as people correct them: what counts in the end, what is kept, and what is refused."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageproc.core import corrections
from imageproc.core.corrections import (
    MAX_BEFORE,
    applying,
    checked_label,
    checked_person,
    effective,
    from_stored,
    next_correction,
    to_stored,
    undone,
)
from imageproc.core.label import BoundingBox, Correction, CorrectionAction, Label
from imageproc.errors import CorrectionError

BOX = BoundingBox(0.1, 0.2, 0.3, 0.4, 90.0)
DOG = Label("Dog", 90.0, ("Animal", "Pet"), (BOX,))
ANIMAL = Label("Animal", 90.0)
GRASS = Label("Grass", 70.0)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def said(label: str, action: str, minute: int = 0, **more: Any) -> Correction:
    return Correction(label, CorrectionAction(action), "ann", NOON + timedelta(minutes=minute), **more)


def names(labels: tuple[Label, ...]) -> list[str]:
    return [label.name for label in labels]


def test_the_modules_examples() -> None:
    assert not doctest.testmod(corrections).failed


def test_without_corrections_the_labels_are_the_machines() -> None:
    assert effective([DOG, GRASS], []) == (DOG, GRASS)


def test_what_a_person_adds_is_sure_and_says_who() -> None:
    found = effective([GRASS], [said("Cat", "added")])
    assert found == (Label("Cat", 100.0, by="ann"), GRASS)


def test_what_a_person_confirms_keeps_its_boxes_and_parents() -> None:
    assert effective([DOG], [said("Dog", "added")]) == (Label("Dog", 100.0, DOG.parents, (BOX,), "ann"),)


def test_what_a_person_removes_is_no_parent_of_another_label_either() -> None:
    found = effective([DOG, ANIMAL, GRASS], [said("Animal", "removed")])
    assert names(found) == ["Dog", "Grass"]
    assert found[0].parents == ("Pet",)


def test_what_is_renamed_keeps_its_boxes_and_not_its_parents() -> None:
    assert effective([DOG], [said("Dog", "renamed", to="Wolf")]) == (Label("Wolf", 100.0, (), (BOX,), "ann"),)


def test_what_was_there_only_as_a_parent_of_the_other_thing_goes_with_it() -> None:
    canine, pet = Label("Canine", 88.0, ("Animal",)), Label("Pet", 80.0, ("Animal",))
    dog = Label("Dog", 90.0, ("Animal", "Canine", "Pet"), (BOX,))
    every = [dog, ANIMAL, canine, pet, GRASS]
    horse = said("Dog", "renamed", to="Horse")
    assert names(effective(every, [horse])) == ["Horse", "Grass"]
    cat = Label("Cat", 85.0, ("Animal", "Pet"))
    assert names(effective([*every, cat], [horse])) == ["Horse", "Animal", "Cat", "Pet", "Grass"], "a cat's"
    boxed = Label("Canine", 88.0, ("Animal",), (BOX,))
    seen = effective([dog, ANIMAL, boxed, pet], [horse])
    assert names(seen) == ["Horse", "Animal", "Canine"], "another canine was found"
    sure = effective(every, [horse, said("Pet", "added", 1)])
    assert names(sure) == ["Horse", "Pet", "Animal", "Grass"], "a person's word, and what it is a kind of"
    assert names(effective(every, [said("Dog", "renamed", to="Animal")])) == ["Animal", "Grass"]
    assert names(effective(every, [said("Dog", "removed")])) == ["Animal", "Canine", "Pet", "Grass"]


def test_what_is_renamed_to_a_label_that_is_there_joins_it() -> None:
    found = effective([DOG, Label("Pet", 80.0, ("Animal",), (BOX,))], [said("Dog", "renamed", to="Pet")])
    assert found == (Label("Pet", 100.0, ("Animal",), (BOX, BOX), "ann"),)


def test_a_persons_word_outlasts_a_machine_that_finds_other_things() -> None:
    every = [said("Dog", "renamed", to="Wolf"), said("Grass", "removed"), said("Cat", "added")]
    assert set(names(effective([], every))) == {"Wolf", "Cat"}


def test_corrections_count_in_the_order_of_their_times() -> None:
    first, then = said("Dog", "renamed", 1, to="Wolf"), said("Wolf", "removed", 2)
    assert effective([DOG], [then, first]) == ()
    late = said("Wolf", "removed", 0)
    assert names(effective([DOG], [first, late])) == ["Wolf"]


def test_a_correction_counts_for_its_picture_and_not_for_another_of_the_same_key() -> None:
    mine, old = said("Dog", "added", content_hash="sha256:a"), said("Cat", "added", content_hash="sha256:b")
    any_picture = said("Bird", "added")
    assert applying([mine, old, any_picture], "sha256:a") == (mine, any_picture)
    assert applying([mine, old], None) == (mine, old)


def test_the_earlier_word_is_kept_behind_the_later_one_and_comes_back() -> None:
    one, two = said("Dog", "added", 1), said("Dog", "removed", 2)
    both = next_correction(one, two)
    assert (both.action, both.before) == ("removed", (one,))
    assert undone(both) == one
    assert undone(one) is None


def test_a_later_word_is_later_also_by_a_slow_clock() -> None:
    assert next_correction(said("Dog", "added", 9), said("Dog", "removed", 1)).at > NOON + timedelta(
        minutes=9
    )


def test_of_earlier_words_a_few_are_kept() -> None:
    found = said("Dog", "added", 0)
    for minute in range(1, 10):
        found = next_correction(found, said("Dog", "removed" if minute % 2 else "added", minute))
    assert len(found.before) == MAX_BEFORE
    assert [one.at.minute for one in (found, *found.before)] == [9, 8, 7, 6]
    assert all(not one.before for one in found.before)


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\x00b", "a\u202eb", 7])
def test_a_name_that_cannot_be_kept_is_refused(name: Any) -> None:
    with pytest.raises(CorrectionError, match="A label cannot be"):
        checked_label(name)


def test_spaces_around_and_within_a_name_do_not_count() -> None:
    assert checked_label("  Polar \n bear ") == "Polar bear"


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", 3, ["ann"]])
def test_a_persons_name_that_cannot_be_kept_is_refused(name: Any) -> None:
    with pytest.raises(CorrectionError, match="a person's name"):
        checked_person(name)


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"action": "praised", "by": "ann", "at": 1},
        {"action": "added", "by": 5, "at": 1},
        {"action": "added", "by": "ann", "at": "noon"},
        {"action": "renamed", "by": "ann", "at": 1},
        {"action": "added", "by": "ann", "at": 1, "to": "Cat"},
    ],
)
def test_what_is_no_correction_is_not_read(stored: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_stored("Dog", stored)


TIMES = st.integers(0, 4_000_000_000_000).map(
    lambda ms: from_stored("x", {"action": "added", "by": "a", "at": ms}).at
)
EARLIER = st.builds(
    Correction,
    st.just("Dog"),
    st.sampled_from(["added", "removed"]).map(CorrectionAction),
    st.text(min_size=1),
    TIMES,
)


@given(EARLIER, st.lists(EARLIER, max_size=3))
def test_what_is_stored_is_read_again(latest: Correction, earlier: list[Correction]) -> None:
    whole = Correction(latest.label, latest.action, latest.by, latest.at, before=tuple(earlier))
    assert from_stored("Dog", to_stored(whole)) == whole
