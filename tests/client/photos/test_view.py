"""Views: chained, looked through, sliced, put together, and taken into frames and files."""

from __future__ import annotations

import csv
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from imageproc import PhotoView
from imageproc.catalog import answers
from imageproc.client.photos import Photos
from imageproc.client.workbench import Workbench
from imageproc.core.record import Status
from imageproc.errors import (
    AlbumNotFoundError,
    DownloadError,
    InvalidArgumentError,
    PhotoNotFoundError,
    QueryError,
    ResourcesMissingError,
)
from tests.client.conftest import Backend

DOG = {
    "name": "Dog",
    "confidence": 98.5,
    "parents": ["Animal", "Pet"],
    "boxes": [
        {"left": 0.1, "top": 0.2, "width": 0.3, "height": 0.4, "confidence": 97.0},
        {"left": 0.5, "top": 0.5, "width": 0.1, "height": 0.1, "confidence": 60.5},
    ],
}
GRASS = {"name": "Grass", "confidence": 70, "parents": [], "boxes": []}


@pytest.fixture
def photos(backend: Backend) -> Photos:
    backend.write(
        "t/dog.jpg",
        uploadTime=1_600_000_003,
        exifMake="Canon",
        exifModel="Canon EOS 5D",
        creationTime="2014-07-01T23:30:00+02:00",
        geo={"latitude": 52.5, "longitude": 13.4},
        tags=["Dog", "Grass"],
        labels=[DOG, GRASS],
        exifPhotographicSensitivity=400,
        dimensions={"width": 4000, "height": 3000},
    )
    backend.write("t/cat.jpg", Status.FAILED, uploadTime=1_600_000_002, creationTime="2015-01-01T00:00:00")
    backend.write("t/=evil.jpg", uploadTime=1_600_000_001, exifModel="=HYPERLINK(0)", exifArtist="+1\n2")
    return backend.workbench.photos


def names(view: PhotoView) -> list[str]:
    return [photo.name for photo in view]


def test_photos_come_from_the_catalog_with_their_stack(photos: Photos, backend: Backend) -> None:
    (dog,) = photos.where(tag="animal", min_confidence=90)
    assert dog == photos.get("t/dog.jpg")
    assert dog.attributes == photos.get("t/dog.jpg").attributes
    backend.write("t/dog.jpg", Status.FAILED)
    assert dog.refresh().status is Status.FAILED


def test_nothing_is_asked_before_it_is_looked_at(backend: Backend) -> None:
    backend.refuse("dynamodb", "DescribeTable", 100)
    view = backend.workbench.photos.where(camera="Canon*").sort_by("taken").limit(5)
    assert isinstance(view[2:], PhotoView)


def test_views_are_lists_without_being_read(photos: Photos) -> None:
    view = photos.where()
    assert len(view) == len(photos) == 3
    assert names(view) == ["dog.jpg", "cat.jpg", "=evil.jpg"]
    assert names(view.sort_by("taken", descending=True)) == ["cat.jpg", "dog.jpg", "=evil.jpg"]
    assert view[0].name == view.first().name == "dog.jpg"
    assert view[-1].name == "=evil.jpg"
    assert names(view[1:]) == names(view)[1:]
    assert names(view[-2:]) == names(view)[-2:]
    assert names(view[:-1]) == names(view)[:-1]
    assert names(view[1:][0:1]) == ["cat.jpg"]
    assert view.ids() == ["t/dog.jpg", "t/cat.jpg", "t/=evil.jpg"]
    assert not view[3:]
    for index in (3, -4):
        with pytest.raises(IndexError):
            view[index]
    with pytest.raises(InvalidArgumentError):
        view[::2]
    with pytest.raises(PhotoNotFoundError):
        view[3:].first()


def test_views_are_put_together(photos: Photos, backend: Backend) -> None:
    dogs, failed = photos.where(tag="Dog"), photos.where(status="FAILED")
    assert names(dogs | failed) == ["dog.jpg", "cat.jpg"]
    assert names(dogs & failed) == []
    assert names(~dogs) == ["cat.jpg", "=evil.jpg"]
    assert names(photos.where().between("2015", None)) == ["cat.jpg"]
    assert len(photos.where().sample(2, seed=5)) == 2
    with pytest.raises(InvalidArgumentError, match="Only views of one workbench"):
        dogs | Workbench(backend.stack.target).photos.where()


def test_an_album_is_named_as_anywhere(photos: Photos, backend: Backend) -> None:
    album = backend.workbench.albums.get_or_create("Trip", "ann")
    backend.write("trip.jpg", albumID=album.id)
    for named in (album, album.id, "Trip"):
        assert names(photos.where(album=named)) == ["trip.jpg"]
    assert photos.where(album="Trip").facets("album") == {"Trip": 1}
    assert names(photos.where(text="TRIP")) == ["trip.jpg"]
    with pytest.raises(AlbumNotFoundError):
        photos.where(album="Nowhere")


def test_facets_and_tags_are_counted(photos: Photos) -> None:
    view = photos.where()
    assert view.facets("status") == {"SUCCEEDED": 2, "FAILED": 1}
    assert view.facets("year") == {2014: 1, 2015: 1, None: 1}
    assert view.facets("has_place") == {False: 2, True: 1}
    assert view.tags() == {"Animal": 1, "Dog": 1, "Grass": 1, "Pet": 1}
    assert photos.where(status="FAILED").tags() == {}
    with pytest.raises(QueryError, match="Did you mean 'status'"):
        view.facets("statsu")
    with pytest.raises(QueryError, match="Did you mean 'Dog'"):
        photos.where(tag="Dgo").count()
    with pytest.raises(QueryError, match="Did you mean 'Zebra'"):
        photos.where(tag="Zebre").count()
    assert photos.where(tag="zebra").count() == 0, "a label, though no photo has it yet"


def test_a_frame_is_flat_and_typed(photos: Photos) -> None:
    frame = photos.where().to_frame()
    assert list(frame["id"]) == ["t/dog.jpg", "t/cat.jpg", "t/=evil.jpg"]
    dog = frame.iloc[0]
    assert dog["taken"] == pd.Timestamp("2014-07-01 23:30")
    assert dog["taken_offset"] == pd.Timedelta(hours=2)
    assert dog["taken_utc"] == pd.Timestamp("2014-07-01 21:30", tz="UTC")
    assert dog["uploaded"] == pd.Timestamp(1_600_000_003, unit="s", tz="UTC")
    assert (dog["megapixels"], dog["sensitivity"]) == (12.0, 400)
    assert list(dog["tags"]) == ["Dog", "Grass"]
    assert pd.isna(frame["taken_utc"][1])
    assert frame["taken"].dtype.kind == "M"
    assert {str(frame[name].dtype) for name in ("status", "camera", "album", "format")} == {"category"}
    assert str(frame["sensitivity"].dtype) == "Int64"
    assert str(frame["latitude"].dtype) == "float64"
    empty = photos.where(user="nobody").to_frame()
    assert len(empty) == 0
    assert list(empty.columns) == list(frame.columns)
    assert list(empty.dtypes.astype(str)) == list(frame.dtypes.astype(str))


def test_labels_have_a_row_for_each_box(photos: Photos) -> None:
    frame = photos.where(tag="Dog").labels_frame().sort_values(["label", "left"])
    assert list(frame["label"]) == ["Dog", "Dog", "Grass"]
    assert list(frame["confidence"]) == [98.5, 98.5, 70]
    assert list(frame["parents"].iloc[0]) == ["Animal", "Pet"]
    assert list(frame["left"])[:2] == [0.1, 0.5]
    assert list(frame["box_confidence"])[:2] == [97.0, 60.5]
    assert pd.isna(frame["left"].iloc[2])
    assert set(frame["id"]) == {"t/dog.jpg"}


def test_files_have_the_frames_columns(photos: Photos, tmp_path: Path) -> None:
    path = photos.where().to_parquet(tmp_path / "new" / "photos.parquet")
    read = pd.DataFrame(duckdb.read_parquet(str(path)).df())
    frame = photos.where().to_frame()
    assert list(read["id"]) == list(frame["id"])
    assert set(frame.columns) - set(read.columns) == {"taken_utc"}
    assert stat.S_ISREG(path.stat().st_mode)
    assert [one.name for one in path.parent.iterdir()] == ["photos.parquet"]


def test_no_cell_of_a_csv_is_a_formula(photos: Photos, tmp_path: Path) -> None:
    with photos.where().to_csv(tmp_path / "photos.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    evil = rows[2]
    assert evil["name"] == "'=evil.jpg"
    assert evil["camera"] == "'=HYPERLINK(0)"
    assert evil["artist"] == "'+1\n2"
    assert rows[0]["tags"] == "Dog; Grass"
    cells = [cell for row in rows for name, cell in row.items() if name not in ("latitude", "longitude")]
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@"))]


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(photos: Photos) -> None:
    with pytest.raises(DownloadError):
        photos.where().to_csv("/proc/photos.csv")


def test_a_file_that_is_in_the_way_is_told(photos: Photos, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="cannot be written"):
        photos.where().to_parquet(tmp_path / "file" / "photos.parquet")


@pytest.mark.parametrize("start", ["photos", "view"])
def test_a_condition_without_a_name_is_told_with_how_it_is_given(photos: Photos, start: str) -> None:
    where: Any = photos.where if start == "photos" else photos.where().where
    with pytest.raises(
        InvalidArgumentError, match=r"what 'Cat' is\. Name it: where\(tag='Dog'\), say, or search"
    ):
        where("Cat")


def test_a_pipe_or_a_device_is_not_replaced_by_a_file(photos: Photos, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "stdout"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    view = photos.where()
    for path in (pipe, link):
        for write in (view.to_csv, view.to_parquet, view.to_zip, view.to_contact_sheet):
            with pytest.raises(DownloadError, match="is a device or a pipe, not a file"):
                write(path)
    assert pipe.is_fifo()
    assert link.is_symlink()


def test_sql_sees_the_view_and_nothing_else(photos: Photos, tmp_path: Path) -> None:
    view = photos.where(has_date=True)
    assert view.sql("SELECT count(*) AS n FROM photos")["n"][0] == 2
    found = view.sql("SELECT label, count(*) AS n FROM labels JOIN photos USING (id) GROUP BY 1 ORDER BY 1")
    assert list(found["label"]) == ["Dog", "Grass"]
    assert len(view.sql("WITH mine AS (FROM photos) SELECT id FROM mine LIMIT 1")) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SELECT 1; SELECT 2",
        "DELETE FROM new_records",
        "DROP VIEW records",
        "INSERT INTO new_records (id) VALUES ('x')",
        "CREATE TABLE x AS SELECT 1",
        "SET memory_limit = '99GB'",
        "PRAGMA database_list",
        "ATTACH '{path}/x.duckdb'",
        "COPY (SELECT 1) TO '{path}/x.csv'",
        "EXPORT DATABASE '{path}/x'",
        "INSTALL httpfs",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT nothing FROM photos",
        "SELEC 1",
    ],
)
def test_sql_can_only_read_the_catalog(photos: Photos, tmp_path: Path, query: str) -> None:
    with pytest.raises(QueryError):
        photos.where().sql(query.format(path=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert len(photos) == 3


def test_a_wrong_column_is_told_with_the_right_ones(photos: Photos) -> None:
    with pytest.raises(QueryError, match="camera"):
        photos.where().sql("SELECT camra FROM photos")


def test_a_wrong_table_is_told_with_the_right_ones(photos: Photos) -> None:
    """Of all that it has, DuckDB would name pg_settings."""
    with pytest.raises(QueryError, match=r"The tables are photos .* and labels") as raised:
        photos.where().sql("SELECT * FROM nothing")
    assert "Did you mean" not in str(raised.value)
    with pytest.raises(QueryError, match='Did you mean "photos"'):
        photos.where().sql("SELECT * FROM photo")


def test_a_query_is_a_text(photos: Photos) -> None:
    with pytest.raises(QueryError, match="A query is a text, not 5"):
        photos.where().sql(5)  # type: ignore[arg-type]


def test_without_pandas_frames_say_how_to_install_it(
    photos: Photos, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    ask: list[Callable[[PhotoView], Any]] = [
        PhotoView.to_frame,
        PhotoView.labels_frame,
        lambda view: view.sql("SELECT 1"),
    ]
    for one in ask:
        with pytest.raises(ResourcesMissingError, match=r"imageproc\[workbench\]"):
            one(photos.where())
    assert photos.where().to_csv(tmp_path / "photos.csv").exists()


def test_a_view_says_what_it_asks_for_and_how_many_photos_there_were(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    dogs = photos.where(tag="Dog").sort_by("taken", descending=True)
    asked: list[str] = []
    photos.catalog._stack.client("dynamodb").meta.events.register(
        "before-call.dynamodb", lambda model, **_: asked.append(model.name)
    )
    assert repr(dogs) == "<PhotoView photos.where(tag='Dog').sort_by('taken', descending=True)>"
    assert asked == [], "it is not filled to be counted"
    assert len(dogs) == 1
    asked.clear()
    assert repr(dogs) == "<PhotoView photos.where(tag='Dog').sort_by('taken', descending=True): 1 photo>"
    assert repr(photos.where()[1:]) == "<PhotoView photos[1:]: 2 photos>"
    assert repr(photos.where(tag="Dgo")) == "<PhotoView photos.where(tag='Dgo')>", "no place for an error"
    monkeypatch.setattr(answers, "_QUICK", 2)
    assert repr(photos.where()) == "<PhotoView photos>", "more than can be counted at once"
    assert asked == []


def test_a_view_is_written_as_the_calls_that_made_it(photos: Photos, backend: Backend) -> None:
    trip = backend.workbench.albums.get_or_create("Trip")
    dogs, cats = photos.where(tag="Dog"), photos.where(tag=["Cat", "Pet"], min_confidence=80)
    for view, written in (
        (photos.where(), "photos"),
        (trip.photos, "photos.where(album='Trip')"),
        (photos.where(name="*.jpg", id=["a", "b"]), "photos.where(name='*.jpg', id=['a', 'b'])"),
        (photos.search("taken:2014 tag:Dog"), "photos.where(taken='2014').where(tag='Dog')"),
        (dogs | cats, "(photos.where(tag='Dog') | photos.where(tag=['Cat', 'Pet'], min_confidence=80))"),
        (
            (dogs & cats)[:2],
            "(photos.where(tag='Dog') & photos.where(tag=['Cat', 'Pet'], min_confidence=80))[:2]",
        ),
        (~dogs, "(~photos.where(tag='Dog'))"),
        (dogs.limit(3)[1:], "photos.where(tag='Dog').limit(3)[1:]"),
        (dogs.sample(2, seed=7), "photos.where(tag='Dog').sample(2, seed=7)"),
    ):
        assert view.written == written
    many = photos.where(id=[f"trip/{number}.jpg" for number in range(10_000)])
    assert len(many.written) < 200
    assert dogs == photos.where(tag="Dog")


def test_a_photo_is_found_by_the_end_of_its_id_without_a_scan(photos: Photos, backend: Backend) -> None:
    assert len(photos) == 3
    backend.write("late/fox.jpg")
    backend.refuse("dynamodb", "Scan", 100)
    assert photos.find("fox.jpg").id == "late/fox.jpg"
    with pytest.raises(PhotoNotFoundError):
        photos.find("unknown.jpg")


def test_a_removed_stack_leaves_nothing_here(photos: Photos, backend: Backend) -> None:
    assert len(photos) == 3
    folder = backend.workbench.catalog.folder
    assert folder.exists()
    list(_first(backend.stack.destroy(delete_data=True)))
    assert not folder.exists()


def _first(events: Any) -> Any:
    """Begin to remove the stack; the rest of it is not moto's."""
    try:
        yield next(iter(events))
    except Exception:  # noqa: BLE001
        return


def test_erasing_erases_here(photos: Photos, backend: Backend) -> None:
    assert len(photos) == 3
    privacy = backend.workbench.privacy
    list(privacy.erase(privacy.of_photos(["t/dog.jpg"])))
    kept = b"".join(one.read_bytes() for one in backend.workbench.catalog.folder.iterdir() if one.is_file())
    assert b"t/dog" not in kept
    assert b"t/cat" in kept
    assert names(photos.where()) == ["cat.jpg", "=evil.jpg"]


def test_a_photo_that_has_just_finished_is_found_within_a_second(photos: Photos, backend: Backend) -> None:
    assert len(photos) == 3
    backend.write("new.jpg")
    deadline = time.monotonic() + 1
    while len(photos) == 3:
        assert time.monotonic() < deadline


def test_what_only_views_have_is_said_to_be_there(backend: Backend) -> None:
    for name, hint in (("duplicates", r"photos\.where\(\)\.duplicates\(\)"), ("duplicate", "'duplicate'.$")):
        with pytest.raises(AttributeError, match=hint):
            getattr(backend.workbench.photos, name)
    assert not hasattr(backend.workbench.photos, "_repr_png_")
