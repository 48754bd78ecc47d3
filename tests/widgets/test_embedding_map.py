"""The map of embeddings and its panel, without a browser."""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from imageproc.client.photos.view import PhotoView
from imageproc.errors import Cancelled, InvalidArgumentError
from imageproc.presentation.html import embedded
from imageproc.widgets import EmbeddingMap, EmbeddingMapPanel, GalleryPanel
from imageproc.widgets.panels import embedding_map_panel, map_colors
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.embedding_map import MOST_DRAWN, Group, Points
from imageproc.widgets.parts.gallery import Card, GallerySource
from imageproc.widgets.updates import flush
from tests.client.conftest import Backend
from tests.client.photos.test_projection import embedding
from tests.widgets.test_photos import HOSTILE, Sent, say
from tests.widgets.test_safety import Tags

PLACES = [-1, 0, 1, 0, 0, 0.5]
POINTS = Points(
    array("f", PLACES), (Group(HOSTILE, "#E69F00", 2), Group("No label", "#D0D0D0", 1)), array("B", [0, 1, 0])
)
DOG = {"name": "Dog", "confidence": 90.0, "parents": [], "boxes": []}


def map_of(points: Points, **source: Any) -> EmbeddingMap:
    cards = source.pop("cards", lambda first, end: [Card(f"{first}", f"{first}.jpg", tags=(("Dog", 9.0),))])
    made = EmbeddingMap(GallerySource(cards, **source))
    made.show(points, "3 photos.")
    flush()
    return made


def test_points_travel_in_a_message_and_what_is_shown_of_one_when_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = map_of(
        POINTS, address=lambda one: f"https://s3/{one}?X-Amz-Signature=1", thumbnail=lambda one: b"jpeg"
    )
    sent = Sent(made, monkeypatch)
    say(made, type="points")
    message, (places, groups, selected) = sent.first("points")
    assert (message["version"], array("f", places).tolist(), [*groups], selected) == (
        1,
        PLACES,
        [0, 1, 0],
        b"",
    )
    for message in (
        {"type": "photo", "version": 0, "number": 1},
        {"type": "photo", "version": 1, "number": 3},
        {"type": "photo", "version": 1, "number": "1"},
        {"type": "select", "version": 1},
        {"type": "photo"},
    ):
        say(made, **message)
    say(made, type="photo", version=1, number=1)
    (photo, _) = sent.first("photo")
    assert {**photo, "address": photo["address"][:13]} == {
        "type": "photo",
        "version": 1,
        "number": 1,
        "name": "1.jpg",
        "lines": ["Dog"],
        "thumbnail": True,
        "address": "https://s3/1?",
    }
    say(made, type="bytes", version=1, number=1)
    assert sent.first("bytes")[1] == [b"jpeg"]
    assert len(sent.of("photo")) == 1, "what is not shown is not answered"
    saved = json.dumps(made.get_state(made.keys), default=str)
    assert "X-Amz" not in saved
    assert "1.jpg" not in saved


def test_why_a_photo_cannot_be_shown_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: int) -> Any:
        raise ValueError("The record is gone.")

    made = map_of(POINTS, cards=gone)
    sent = Sent(made, monkeypatch)
    say(made, type="photo", version=1, number=0)
    assert sent.first("photo")[0]["lines"] == ["The record is gone."]


def test_only_points_that_are_there_can_be_selected() -> None:
    told: list[list[int]] = []
    made: EmbeddingMap = EmbeddingMap(
        GallerySource(lambda *_: ()), on_select=lambda: told.append(made.selected)
    )
    made.show(POINTS)
    select = {"type": "select", "version": 1}
    for numbers in ([2, 0, 7, 2], [9]):
        made._handle_custom_msg(select, [array("I", numbers).tobytes()])
    made._handle_custom_msg(select, [b"odd"])
    made._handle_custom_msg({**select, "version": 0}, [array("I", [1]).tobytes()])
    assert told == [[0, 2], []]


def test_a_picture_is_kept_that_is_small_and_in_which_names_are_text() -> None:
    made = map_of(POINTS)
    made.select([1])
    picture = made.svg()
    assert {tag for tag, _ in Tags(picture).found} == {"svg", "rect", "g", "path", "circle", "text"}
    assert "<img src=x onerror=alert(… (2)No label (1)" in Tags(picture).text
    assert picture.count("#E69F00") == 2
    assert Tags(embedded(made.static())).text == "3 photos. 1 photo selected."
    count = 20_000
    many = Points(
        array("f", [((7 * one) % 199) / 100 - 1 for one in range(2 * count)]),
        (Group("Dog", "#E69F00", count),),
        array("B", bytes(count)),
    )
    made.show(many, "20,000 photos.")
    assert len(made.svg()) < 50_000
    assert made.svg().count("h0") == 2 * MOST_DRAWN
    assert "2,000 of them are drawn here" in Tags(embedded(made.static())).text
    made.show(Points())
    flush()
    assert Tags(embedded(made.static())).text == "No photos to show."


def frame(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns)


def groups(colored: map_colors.Colored) -> list[tuple[str, int]]:
    return [(group.name, group.count) for group in colored[0]]


def test_photos_are_coloured_by_the_rarest_of_their_frequent_labels() -> None:
    tags = [["Person"]] * 3 + [["Person", "Dog"], ["Dog"], [], None, ["Person", HOSTILE]]
    tags += [[f"Rare {number}"] for number in range(9)]
    colored = map_colors.by_tag(frame(tags=tags))
    found = groups(colored)
    assert found[:2] == [("Person", 3), ("Dog", 2)]
    assert found[-2:] == [("Other labels", 5), ("No label", 2)]
    assert found[2] == ("<img src=x onerror=alert(1)>��.jpg", 1)
    assert sum(count for _, count in found) == len(tags) == len(colored[1])
    colors = [group.color for group in colored[0]]
    assert len({*colors}) == len(colors) == 9


def test_photos_are_coloured_by_periods_with_as_many_photos_each() -> None:
    taken = [datetime(2014, 5, day, 12) for day in range(1, 15)] + [None]
    found = groups(map_colors.by_time(pd.DataFrame({"taken": pd.to_datetime(pd.Series(taken))})))
    assert found[0] == ("2014-05-01 – 2014-05-02", 2)
    assert found[-2:] == [("2014-05-13 – 2014-05-14", 2), ("No date", 1)]
    assert len(found) == 8
    one_day = frame(taken=[datetime(2014, 5, 1, hour) for hour in range(9)])
    assert groups(map_colors.by_time(one_day)) == [("2014-05-01", 9)]
    undated = pd.DataFrame({"taken": pd.to_datetime(pd.Series([None, None]))})
    assert groups(map_colors.by_time(undated)) == [("No date", 2)]


def test_photos_are_coloured_by_camera_and_status() -> None:
    cameras = [f"Canon {number}" for number in range(9)] + ["Nikon", "Nikon", None]
    found = groups(map_colors.by_camera(frame(camera=cameras)))
    assert (found[0], found[-2:]) == (("Nikon", 2), [("Other cameras", 3), ("No camera", 1)])
    found = groups(map_colors.by_status(frame(status=["SUCCEEDED", "FAILED", "SUCCEEDED"])))
    assert found == [("Succeeded", 2), ("Failed", 1)]


@pytest.fixture
def photos(backend: Backend) -> PhotoView:
    for number in range(4):
        backend.write(
            f"a1/{number}.jpg",
            embedding=embedding(number + 1),
            labels=[DOG] if number else [],
            tags=["Dog"] if number else [],
            exifModel="Canon",
        )
    backend.write(f"a1/{HOSTILE}", embedding=embedding(9))
    backend.write("a1/early.jpg")
    return backend.workbench.photos.where().sort_by("id")


Make = Callable[..., EmbeddingMapPanel]


@pytest.fixture
def make(backend: Backend) -> Iterator[Make]:
    made: list[EmbeddingMapPanel] = []

    def panel(**given: Any) -> EmbeddingMapPanel:
        made.append(EmbeddingMapPanel(backend.workbench, **given))
        settle(made[-1])
        return made[-1]

    yield panel
    for one in made:
        one.close()


def settle(panel: Panel) -> None:
    assert panel.job
    panel.job.wait(60)
    flush()


def test_the_panel_shows_who_has_an_embedding_and_is_coloured_anew(
    photos: PhotoView, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = make(view=photos)
    assert panel.map.note == "5 of 6 photos; the others have no embedding."
    assert panel.results() == {"photos": 5, "groups": {"Dog": 3, "No label": 2}, "selected": 0}
    panel.select(["a1/1.jpg", "a1/early.jpg"])
    panel.color_by.value = "camera"
    flush()
    assert panel.results()["groups"] == {"Canon": 4, "No camera": 1}
    assert [photo.id for photo in panel.selected] == ["a1/1.jpg"]
    sent = Sent(panel.map, monkeypatch)
    hostile = next(number for number, one in enumerate(panel._ids) if "onerror" in one)
    say(panel.map, type="photo", version=panel.map.version, number=hostile)
    assert sent.first("photo")[0]["name"] == "<img src=x onerror=alert(1)>��.jpg"
    assert {tag for tag, _ in Tags(embedded(panel.static())).found} <= {"p", "img"}
    with pytest.raises(InvalidArgumentError, match=r"'hue'.*tag, camera, taken, status"):
        make(color="hue")


def test_the_map_and_the_gallery_have_one_selection(backend: Backend, photos: PhotoView, make: Make) -> None:
    gallery = GalleryPanel(backend.workbench, view=photos.where(name=["0.jpg", "1.jpg", "early.jpg"]))
    settle(gallery)
    panel = make(view=photos, gallery=gallery)
    lasso = {"type": "select", "version": panel.map.version}
    panel.map._handle_custom_msg(lasso, [array("I", [3, 1]).tobytes()])
    assert [photo.id for photo in panel.selected] == ["a1/1.jpg", "a1/3.jpg"]
    assert [photo.id for photo in gallery.selected] == ["a1/1.jpg"], "what it shows of them"
    say(gallery.gallery, type="select", version=gallery.gallery.version, ranges=[[0, 2]])
    assert [photo.id for photo in gallery.selected] == ["a1/0.jpg", "a1/1.jpg", "a1/early.jpg"]
    assert panel.map.selected == [0, 1]
    assert panel.selected_ids == ["a1/0.jpg", "a1/1.jpg"]
    panel.close()
    gallery.select([])
    assert panel.selected_ids == ["a1/0.jpg", "a1/1.jpg"], "a closed panel follows no more"
    gallery.close()


def test_without_embeddings_it_says_how_to_get_them(backend: Backend, photos: PhotoView, make: Make) -> None:
    panel = make(view=photos.where(name="early*"))
    assert panel.map.empty.startswith("None of these 1 photo has an embedding.")
    for command in ("-p Similarity=Enabled", "reprocess --all --only embedding"):
        assert command in panel.map.empty
    panel.show(photos.where(id=[]))
    settle(panel)
    assert panel.map.empty == "No photos here yet."


def test_more_photos_than_can_be_laid_out_are_sampled_and_the_work_can_be_stopped(
    photos: PhotoView, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = make(view=photos)
    shown = panel.map.version
    monkeypatch.setattr(embedding_map_panel, "MOST_LAID_OUT", 2)
    panel.show(photos)
    settle(panel)
    assert "2 of them were looked at, chosen by chance" in panel.map.note
    assert panel.map.count <= 2

    def projection(_: PhotoView, notify: Callable[[float], object]) -> None:
        notify(0.5)
        panel.stop()
        notify(0.6)

    monkeypatch.setattr(PhotoView, "projection", projection)
    job = panel.show(photos)
    with pytest.raises(Cancelled):
        job.wait(10)
    assert panel.map.version == shown + 1, "what was shown stays"
