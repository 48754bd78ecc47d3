"""Labels corrected on the command line."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Run, objects
from tests.client.conftest import Backend


@pytest.fixture
def trip(backend: Backend) -> Backend:
    """Two photos of a dog in the album Trip."""
    album = backend.workbench.albums.get_or_create("Trip")
    for name in ("1.jpg", "2.jpg"):
        labels: list[Any] = [{"name": "Dog", "confidence": 90.0}]
        backend.write(f"t/{name}", albumID=album.id, tags=["Dog"], labels=labels)
    return backend


def counts(run: Run, *more: str) -> dict[str, int]:
    return {one["tag"]: one["photos"] for one in objects(run("tags", "--json", *more))}


def test_labels_of_photos_and_of_a_selection_are_corrected_and_undone(trip: Backend, run: Run) -> None:
    answer = run("label", "add", "Beach", "1.jpg", "--by", "bob")
    assert answer.exit_code == 0, answer.exception
    assert answer.stdout == "Beach added: 1 photo.\n"
    answer = run("label", "rename", "dog", "Wolf", "--album", "Trip")
    assert answer.stdout == "dog renamed to Wolf: 2 photos.\n"
    assert counts(run) == {"Wolf": 2, "Beach": 1}
    told = run("show", "1.jpg").output
    assert "Wolf by ann" in told
    assert "Dog renamed to Wolf by ann" in told
    (shown,) = objects(run("show", "1.jpg", "--json"))
    assert (shown["tags"], shown["labels"][0]["name"]) == (["Beach", "Wolf"], "Dog")
    answer = run("label", "remove", "Beach", "--album", "Trip")
    assert answer.stdout == "Beach removed: 1 photo, 1 photo unchanged.\n"
    assert run("label", "undo", "--album", "Trip", "--label", "Wolf").stdout == "Undone: 2 photos.\n"
    assert counts(run) == {"Dog": 2}


def test_what_cannot_be_done_is_told_with_the_fix(trip: Backend, run: Run) -> None:
    assert "Name photos, or select photos: --album" in run("label", "add", "Beach").output
    assert "A label cannot be" in str(run("label", "add", "x" * 70, "1.jpg").exception)
    assert "There is no photo" in str(run("label", "add", "Cat", "no.jpg").exception)


@pytest.mark.parametrize("action", [("remove", "Dgo"), ("rename", "Dgo", "Wolf")])
def test_a_label_that_no_photo_has_is_told(trip: Backend, run: Run, action: tuple[str, ...]) -> None:
    answer = run("label", *action, "1.jpg")
    assert answer.exit_code == 0
    assert "0 photos, 1 photo unchanged" in answer.stdout
    assert answer.stderr.endswith("\nNo photo has the label 'Dgo'. Did you mean 'Dog'?\n")
    run("label", "add", "Cat", "2.jpg")
    assert "No photo" not in run("label", "remove", "cat", "1.jpg").stderr, "another one has it"


def test_a_label_is_hidden_in_an_album_and_shown_again(trip: Backend, run: Run) -> None:
    assert run("label", "hide", "Dog", "--album", "Trip").output == "Hidden in Trip: Dog.\n"
    assert (counts(run, "--album", "Trip"), counts(run)) == ({}, {"Dog": 2})
    assert run("label", "show", "Dog", "--album", "Trip").output == "Dog is shown again in Trip.\n"
    assert counts(run, "--album", "Trip") == {"Dog": 2}
    assert run("label", "show", "Dog", "--album", "Trip").output == "Dog was not hidden in Trip.\n"


def test_a_label_to_hide_is_spelled_as_it_is_and_missed_if_no_photo_has_it(trip: Backend, run: Run) -> None:
    assert run("label", "hide", "dog", "--album", "Trip").stdout == "Hidden in Trip: Dog.\n"
    run("label", "show", "Dog", "--album", "Trip")
    answer = run("label", "hide", "Dogg", "--album", "Trip")
    warning, done = answer.stderr.splitlines()
    assert warning == "No photo in Trip has the label 'Dogg'. Did you mean 'Dog'?"
    assert done.startswith("It is hidden all the same, for photos to come")
