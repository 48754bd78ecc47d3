"""Labels that people correct: in the record, in what is found by them, and by two people at once."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from imageproc import Cancellation, Corrected, NotCorrected, Photo
from imageproc.client.photos.corrections import Corrections
from imageproc.core.corrections import MAX_CORRECTIONS
from imageproc.core.label import Label
from imageproc.core.ownership import claim_again, write_as
from imageproc.core.record_codec import labels_attributes
from imageproc.errors import CorrectionError, PhotoNotFoundError
from tests.client.conftest import Backend

BOX = {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "confidence": 97.0}
DOG = {"name": "Dog", "confidence": 98.5, "parents": ["Animal"], "boxes": [BOX]}
GRASS = {"name": "Grass", "confidence": 70, "parents": [], "boxes": []}
LABELS: dict[str, Any] = {"labels": [DOG, GRASS], "tags": ["Dog", "Grass"], "labelModelVersion": "3.0"}


@pytest.fixture
def photo(backend: Backend) -> Photo:
    backend.write("t/dog.jpg", **LABELS)
    return backend.workbench.photos.get("t/dog.jpg")


def test_labels_are_added_removed_renamed_and_undone(photo: Photo) -> None:
    now = photo.add_label("Beach", user="bob").remove_label("grass").rename_label("Dog", "Wolf")
    assert now.tags == ("Beach", "Wolf")
    assert [(one.name, one.confidence, one.by) for one in now.labels] == [
        ("Beach", 100.0, "bob"),
        ("Wolf", 100.0, "ann"),
    ]
    assert [one.name for one in now.machine_labels] == ["Dog", "Grass"]
    assert [str(one).split(",")[0] for one in now.corrections] == [
        "Beach added by bob",
        "Grass removed by ann",
        "Dog renamed to Wolf by ann",
    ]
    assert now.attributes["labels"] == [DOG, GRASS], "what was recognised is stored as it was"
    now = now.undo_correction()
    assert now.tags == ("Beach", "Dog")
    now = now.undo_correction("beach").undo_correction()
    assert (now.tags, now.corrections) == (("Dog", "Grass"), ())
    with pytest.raises(CorrectionError, match="nothing to undo"):
        now.undo_correction()
    wrong: Any = 3
    with pytest.raises(CorrectionError, match="A label cannot be 3"):
        now.undo_correction(wrong)


def test_what_a_photo_does_not_have_cannot_be_removed_and_it_is_said_what_it_has(photo: Photo) -> None:
    with pytest.raises(CorrectionError, match=r"'Cat' is no label .* It has: Dog, Grass"):
        photo.remove_label("Cat")
    with pytest.raises(CorrectionError, match="already"):
        photo.rename_label("Dog", " Dog ")
    assert photo.refresh().corrections == ()


def test_an_earlier_word_on_the_same_label_comes_back(photo: Photo) -> None:
    now = photo.add_label("Cat", user="bob").remove_label("Cat")
    assert "Cat" not in now.tags
    assert [one.by for one in now.corrections[0].before] == ["bob"]
    assert "Cat" in now.undo_correction("Cat").tags


def test_corrections_outlast_processing_again(backend: Backend, photo: Photo) -> None:
    photo.rename_label("Dog", "Wolf")
    records = backend.workbench.photos._records
    record = records.get(photo.id)
    records.write(photo.id, claim_again(photo.key, {"versionId": "2"}, record))
    found = labels_attributes((Label("Cat", 90.0),), "4.0")
    records.write(photo.id, write_as("2", found))
    assert photo.refresh().tags == ("Wolf", "Cat")


def test_two_people_who_correct_at_once_lose_nothing(backend: Backend, photo: Photo) -> None:
    records = backend.workbench.photos._records
    stale = records.get(photo.id)
    photo.add_label("Cat", user="bob")
    photo.remove_label("Grass", user="bob")
    ann = Corrections(records, "ann")
    assert ann.apply(photo, ann.add("Bird"), stale) == Corrected(photo.id)
    assert ann.apply(photo, ann.add("Grass"), stale) == Corrected(photo.id)
    now = photo.refresh()
    assert set(now.tags) == {"Cat", "Bird", "Grass", "Dog"}
    grass = next(one for one in now.corrections if one.label == "Grass")
    assert (grass.by, [one.by for one in grass.before]) == ("ann", ["bob"])


def test_an_undo_undoes_what_was_seen_and_never_twice(backend: Backend, photo: Photo) -> None:
    """The SDK repeats a request whose answer was lost: the repeated one is refused."""
    records = backend.workbench.photos._records
    photo.add_label("Cat").add_label("Bird")
    stale = photo.refresh()
    photo.undo_correction("Bird")
    ann = Corrections(records, "ann")
    edit = ann.undo(None)
    assert ann.apply(photo, edit, stale) == Corrected(photo.id), "Bird's, and not Cat's after it"
    assert photo.refresh().tags == ("Cat", "Dog", "Grass")
    stale = photo.refresh()
    photo.remove_label("Cat", user="bob")
    with pytest.raises(CorrectionError, match="by somebody else just now"):
        ann.apply(photo, ann.undo(None), stale)
    assert "Cat" not in photo.refresh().tags


def test_what_cannot_be_kept_is_refused_and_changes_nothing(backend: Backend, photo: Photo) -> None:
    many: dict[str, Any] = {
        f"L{number}": {"action": "added", "by": "ann", "at": number} for number in range(MAX_CORRECTIONS)
    }
    backend.write(photo.id, **LABELS, labelCorrections=many)
    with pytest.raises(CorrectionError, match="as many as are kept"):
        photo.add_label("One more")
    assert len(photo.refresh().corrections) == MAX_CORRECTIONS
    backend.write(photo.id, **LABELS, exifImageDescription="x" * 402_000)
    with pytest.raises(CorrectionError, match="no room"):
        _ = [photo.add_label(f"{number} {'x' * 60}") for number in range(60)]
    with pytest.raises(CorrectionError, match="A label cannot be"):
        photo.add_label("")
    with pytest.raises(CorrectionError, match="a person's name"):
        photo.add_label("Cat", user="x" * 99)


def test_a_photo_that_was_forgotten_is_told_and_gets_no_record(backend: Backend, photo: Photo) -> None:
    backend.workbench.photos._records.erase(photo.id)
    with pytest.raises(PhotoNotFoundError, match="forgotten"):
        photo.add_label("Cat")
    assert list(backend.workbench.photos.scan()) == []


def test_many_are_corrected_and_what_counts_is_what_is_found_counted_and_framed(
    backend: Backend, photo: Photo
) -> None:
    photos = backend.workbench.photos
    for number in range(3):
        backend.write(f"t/{number}.jpg", **LABELS)
    photos.catalog.sync()
    told: list[object] = []
    outcomes = photos.where(tag="Grass").rename_label("Grass", "Lawn", notify=told.append)
    assert len(outcomes) == len(told) == 4
    assert all(isinstance(one, Corrected) and not one.unchanged for one in outcomes)
    photos.where(id="t/0.jpg").remove_label("Dog")
    assert [one.unchanged for one in photos.where().remove_label("Dog", user="bob")].count(True) == 1  # type: ignore[union-attr]
    photos.where(id="t/1.jpg").undo_corrections("Dog")
    photos.catalog.sync()
    view = photos.where()
    assert view.tags() == {"Lawn": 4, "Animal": 1, "Dog": 1}
    assert photos.where(tag="dog").ids() == ["t/1.jpg"]
    assert photos.where(tag="Lawn", min_confidence=99).count() == 4
    frame = view.labels_frame()
    lawn = frame[frame.label == "Lawn"]
    assert (len(lawn), set(lawn.by), set(lawn.confidence)) == (4, {"ann"}, {100.0})
    assert pd.isna(frame[frame.label == "Dog"].by).all()
    again = next(iter(photos.where(id="t/0.jpg")))
    assert again.attributes == photos.get("t/0.jpg").attributes, "the catalog loses nothing"


def test_a_photo_that_cannot_be_corrected_does_not_stop_the_others(backend: Backend, photo: Photo) -> None:
    backend.write("t/gone.jpg", **LABELS)
    gone = backend.workbench.photos.get("t/gone.jpg")
    backend.workbench.photos._records.erase(gone.id)
    first, second = backend.workbench.photos.add_label([gone, photo], "Cat")
    assert isinstance(first, NotCorrected)
    assert "forgotten" in first.cause
    assert second == Corrected(photo.id)


def test_correcting_many_can_be_cancelled(backend: Backend, photo: Photo) -> None:
    cancellation = Cancellation()
    outcomes = backend.workbench.photos.add_label([photo, photo], "Cat", cancellation=cancellation)
    next(outcomes)
    cancellation.cancel()
    with pytest.raises(Exception, match="Stopped"):
        next(outcomes)


def test_a_label_that_an_album_hides_is_neither_shown_nor_counted_there(
    backend: Backend, photo: Photo
) -> None:
    workbench = backend.workbench
    album = workbench.albums.get_or_create("Trip")
    backend.write("t/dog.jpg", **LABELS, albumID=album.id)
    backend.write("t/other.jpg", **LABELS)
    workbench.catalog.sync()
    hidden = workbench.albums.hide_label(workbench.albums.hide_label(album, "Dog"), "Animal")
    assert hidden.hidden_labels == {"Dog", "Animal"}
    view = workbench.photos.where(album="Trip")
    assert view.tags() == {"Grass": 1}
    assert view[0].tags == next(workbench.photos.in_album("Trip")).tags == ("Grass",)
    assert view[0].refresh().tags == ("Grass",)
    assert set(view.labels_frame().label) == {"Grass"}
    assert [list(tags) for tags in view.to_frame().tags] == [["Grass"]]
    assert workbench.photos.where().tags()["Dog"] == 2, "elsewhere it is shown"
    assert view.where(tag="Dog").count() == 1, "and who asks for it finds it"
    shown = workbench.albums.show_label(hidden, "dog")
    assert shown.hidden_labels == {"Animal"}
    assert workbench.photos.where(album=shown)[0].tags == ("Dog", "Grass")
