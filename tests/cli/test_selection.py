"""The options that select photos: the same photos as `Photos.where` finds, for every command."""

from __future__ import annotations

import dataclasses
import re
import shlex
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import duckdb
import pandas as pd
import pytest
from click.testing import Result

from imageproc import Photo
from imageproc.cli import imageproc
from imageproc.cli.photos import print_photos
from imageproc.core.record import Status
from imageproc.core.record_codec import decode
from imageproc.errors import AlbumNotFoundError, InvalidArgumentError, QueryError
from tests.cli.conftest import Run, objects
from tests.client.conftest import Backend

README = (Path(__file__).parents[2] / "README.md").read_text()
LATE = {"step": "Rekognition", "name": "TransientServiceError", "cause": "slow down"}
PHOTOS: dict[str, dict[str, Any]] = {
    "a1/dog.jpg": {
        "uploadTime": 100,
        "fileSize": 1_000_000,
        "tags": ["Dog"],
        "labels": [{"name": "Dog", "confidence": 97.5, "parents": ["Animal"]}],
        "exifMake": "Canon",
        "exifModel": "Canon EOS R6",
        "creationTime": "2014-05-18T16:20:05+02:00",
        "geo": {"latitude": 52.52, "longitude": 13.4},
        "dimensions": {"width": 6000, "height": 4000},
        "exifExposureTime": 0.004,
        "exifFNumber": 2.8,
        "imageFormat": "JPEG",
    },
    "a1/puppy.png": {
        "uploadTime": 200,
        "userID": "bob",
        "tags": ["Dog", "Grass"],
        "labels": [
            {"name": "Dog", "confidence": 60.0, "parents": ["Animal"]},
            {"name": "Grass", "confidence": 90.0, "parents": ["Plant"]},
        ],
        "exifMake": "NIKON CORPORATION",
        "exifModel": "NIKON Z 6_2",
        "creationTime": "2015-01-02T03:04:05",
        "dimensions": {"width": 1000, "height": 1000},
        "imageFormat": "PNG",
    },
    "a1/late.jpg": {"uploadTime": 300, "status": "INCOMPLETE", "missing": {"tags": LATE}, "error": LATE},
}


@pytest.fixture
def photos(backend: Backend) -> Backend:
    """Three photos in an album of Ann's."""
    album = backend.workbench.albums.get_or_create("Trip")
    for photo_id, stored in PHOTOS.items():
        backend.photo(photo_id, **{"status": Status.SUCCEEDED, "albumID": album.id, **stored})
    return backend


def names(answer: Result) -> list[str]:
    return [one["imageID"].rpartition("/")[2].partition(".")[0] for one in objects(answer)]


def test_photos_are_selected(photos: Backend, run: Run) -> None:
    wrong = {}
    for options, found in SELECTED:
        given = names(run("photos", "--json", *options)), run("photos", "--count", *options).stdout
        if given != (found, f"{len(found)}\n"):
            wrong[options] = given
    assert wrong == {}


def test_the_four_questions_of_the_readme_have_the_same_answers(photos: Backend, run: Run) -> None:
    section = README.partition("## Find photos")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w[^|]*) \| `imageproc ([^`]+)` \| `([^`]+)` \|$", section, re.M)
    answers = {}
    for question, command, python in rows:
        view = eval(python, {"photos": photos.workbench.photos})
        answers[question] = names(run(*shlex.split(command), "--json"))
        assert [photo.name.partition(".")[0] for photo in view] == answers[question], question
    assert answers == {
        "all with a dog": ["puppy", "dog"],
        "2014 with a Canon": ["dog"],
        "near Berlin": ["dog"],
        "without a place": ["late", "puppy"],
    }


SELECTED: list[tuple[tuple[object, ...], list[str]]] = [
    ((), ["late", "puppy", "dog"]),
    (("--tag", "dog"), ["puppy", "dog"]),
    (("--tag", "Animal", "--min-confidence", 80), ["dog"]),
    (("--tag", "Plant", "--tag", "Dog"), ["puppy", "dog"]),
    (("--camera", "Canon*", "--taken", "2014"), ["dog"]),
    (("--taken", "2014-05..2014-09"), ["dog"]),
    (("--taken", "2014-06.."), ["puppy"]),
    (("--taken", "..2014"), ["dog"]),
    (("--near", "52.5,13.4,50km"), ["dog"]),
    (("--near", "52.5,13.4,50"), ["dog"]),
    (("--near", "-33.9,18.4,50"), []),
    (("--within", "47,5,55,15"), ["dog"]),
    (("--no-place",), ["late", "puppy"]),
    (("--has-place",), ["dog"]),
    (("--no-date",), ["late"]),
    (("--text", "canon dog"), ["dog"]),
    (("--name", "*.png"), ["puppy"]),
    (("--album", "Trip", "--user", "ann"), ["late", "dog"]),
    (("--user", "bob"), ["puppy"]),
    (("--status", "incomplete"), ["late"]),
    (("--status", "INCOMPLETE", "--status", "FAILED"), ["late"]),
    (("--status", "incomplete,FAILED"), ["late"]),
    (("--format", "png, jpeg"), ["puppy", "dog"]),
    (("--format", "png"), ["puppy"]),
    (("--missing", "tags"), ["late"]),
    (("--error", "Transient*"), ["late"]),
    (("--megapixels", "12.."), ["dog"]),
    (("--megapixels", "..12"), ["puppy"]),
    (("--megapixels", "24"), ["dog"]),
    (("--exposure-time", "1/250"), ["dog"]),
    (("--f-number", "2..4"), ["dog"]),
    (("--f-number", "<4"), ["dog"]),
    (("--sort", "name"), ["dog", "late", "puppy"]),
    (("--sort", "-megapixels", "--limit", 2), ["dog", "puppy"]),
    (("--limit", 0), []),
]


WRONG: list[tuple[tuple[str, ...], type[Exception], str]] = [
    (("--tag", "Dgo"), QueryError, "Did you mean 'Dog'"),
    (("--sort", "megapixel"), QueryError, "Did you mean 'megapixels'"),
    (("--status", "INCOMPLET"), QueryError, "INCOMPLETE"),
    (("--status", "FAILED,"), InvalidArgumentError, "status cannot be"),
    (("--near", "91,0,5km"), InvalidArgumentError, "from -90 to 90"),
    (("--near", "1,0,5 parsecs"), InvalidArgumentError, "50 km"),
    (("--near", "1,0,-5"), InvalidArgumentError, "without a unit it is kilometres"),
    (("--taken", "last year"), InvalidArgumentError, "from one to another 2014-05..2014-09"),
    (("--min-confidence", "50"), InvalidArgumentError, "tag"),
    (("--album", "Tripp"), AlbumNotFoundError, "Tripp"),
]


def test_a_wrong_value_is_the_catalogs_own_error(photos: Backend, run: Run) -> None:
    for options, error, words in WRONG:
        answer = run("photos", *options)
        assert isinstance(answer.exception, error), options
        assert words in str(answer.exception), options


UNREADABLE = [
    (("--near", "52.5"), "52.5,13.4,50km"),
    (("--within", "1,2,3"), "south, west, north, east"),
    (("--megapixels", "many"), "12.."),
    (("--exposure-time", "1/0"), "1/0"),
    (("--count", "--json"), "one of --count"),
    (("--csv", "-"), "--json prints the photos"),
]


def test_what_cannot_be_read_says_how_it_is_written(run: Run) -> None:
    for options, words in UNREADABLE:
        answer = run("photos", *options)
        assert answer.exit_code == 2, options
        assert words in answer.stderr, options


def test_a_table_says_why_and_what_an_album_costs(
    photos: Backend, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("imageproc.client.costs.parameters_of", lambda _: {})  # CloudFormation is not played
    answer = run("photos", "--album", "Trip")
    assert answer.exit_code == 0, answer.exception
    shown = answer.stdout
    assert "Canon EOS R6" in shown
    assert "no tags: slow down\nlate.jpg" in shown
    assert "Amazon" in shown
    assert "Amazon" not in run("photos").stdout
    assert run("photos", "--tag", "Dog", "--taken", "2000").stdout == "There are no such photos.\n"


def test_photos_are_written_into_files(photos: Backend, run: Run, tmp_path: Path) -> None:
    csv, parquet = tmp_path / "dogs.csv", tmp_path / "dogs.parquet"
    assert run("photos", "--tag", "Dog", "--csv", csv).stdout == f"{csv}: 2 photos\n"
    assert list(pd.read_csv(csv)["name"]) == ["puppy.png", "dog.jpg"]
    run("photos", "--tag", "Dog", "--sort", "name", "--parquet", parquet)
    found = duckdb.connect().execute(f"SELECT name FROM '{parquet}'").fetchall()
    assert found == [("dog.jpg",), ("puppy.png",)]


def test_tags_and_facets_are_counted(photos: Backend, run: Run) -> None:
    assert objects(run("tags", "--json", "--limit", 2)) == [
        {"tag": "Animal", "photos": 2},
        {"tag": "Dog", "photos": 2},
    ]
    assert "Plant" not in run("tags", "--camera", "Canon*").stdout
    found = objects(run("facets", "year", "--json"))
    assert sorted(found, key=str) == [
        {"year": 2014, "photos": 1},
        {"year": 2015, "photos": 1},
        {"year": None, "photos": 1},
    ]
    assert "none" in run("facets", "camera").stdout
    assert "'camera'" in str(run("facets", "camra").exception)


def test_downloads_take_a_selection(photos: Backend, run: Run, tmp_path: Path) -> None:
    assert run("download", "--tag", "Dog", "--limit", 1, "--to", tmp_path).exit_code == 0
    [path] = tmp_path.iterdir()
    assert path.suffix == ".png"
    run("download", "Trip", "--user", "ann", "--to", tmp_path / "album")
    assert len(list((tmp_path / "album").iterdir())) == 3, "--user says whose album it is"


def test_of_an_album_that_is_named_those_are_downloaded_that_meet_the_conditions(
    photos: Backend, run: Run, tmp_path: Path
) -> None:
    answer = run("download", "Trip", "--tag", "Dog", "--camera", "Canon*", "--to", tmp_path)
    assert answer.exit_code == 0, answer.output
    assert [path.name for path in tmp_path.iterdir()] == ["dog.jpg"]


def test_what_is_named_wrongly_is_told_with_what_was_meant(photos: Backend, run: Run, tmp_path: Path) -> None:
    assert "Did you mean 'puppy.png'?" in str(run("forget", "pupy.png").exception)
    album = str(run("download", "Tripp", "--to", tmp_path).exception)
    assert album == "There is no album and no photo 'Tripp'. Did you mean 'Trip'?"
    photo = str(run("download", "dogg.jpg", "--to", tmp_path).exception)
    assert photo == "There is no album and no photo 'dogg.jpg'. Did you mean 'dog.jpg'?"
    photos.workbench.albums.get_or_create("First album")
    assert "Did you mean 'First album'?" in str(run("photos", "--album", "Frist").exception)
    assert "There are: First album, Trip." in str(run("photos", "--album", "Nowhere").exception)


def test_the_label_that_was_asked_for_comes_first_and_parents_last(photos: Backend, run: Run) -> None:
    labels: list[Any] = [{"name": "Animal", "confidence": 99.0}]
    labels += [{"name": name, "confidence": 98.0, "parents": ["Animal"]} for name in ("Cat", "Owl", "Dog")]
    tags = ["Animal", "Cat", "Owl", "Dog"]
    photos.write("a1/zoo.jpg", uploadTime=900, tags=tags, labels=labels)
    assert "Cat, Owl, Dog, Animal" in run("photos").stdout
    assert "Dog, Cat, Owl, Animal" in run("photos", "--tag", "dog").stdout
    assert "Owl, Cat, Dog, Animal" in run("photos", "--text", "ow").stdout


def test_a_long_name_is_cut_in_tables_alone(photos: Backend, run: Run) -> None:
    name = f"{'n' * 200}end.jpg"
    photos.write(f"a1/{name}", uploadTime=900)
    shown = run("photos").stdout
    assert "n…n" in shown
    assert "end.jpg" in shown
    assert max(map(len, shown.splitlines())) < 150
    assert name in run("photos", "--json").stdout


def test_no_answer_does_nothing_and_says_so(photos: Backend, run: Run) -> None:
    for command in (("forget", "dog.jpg"), ("albums", "delete", "Trip", "--forget")):
        answer = run(*command, input="")
        assert answer.exit_code == 1
        assert "There was no answer: nothing was erased. --yes does it without asking." in answer.stderr
    assert run("photos", "--count").stdout == "3\n"


def test_retry_takes_what_failed_of_a_selection(photos: Backend, run: Run) -> None:
    assert run("retry", "--tag", "Dog").stdout == "There is nothing to retry.\n"
    nothing = "There is nothing to retry: no photo failed in 'Recognition'. Did you mean 'Rekognition'?\n"
    assert run("retry", "--user", "ann", "--step", "Recognition").stdout == nothing
    assert run("retry", "--user", "ann").stdout == "Started: a1/late.jpg (retried)\n"
    [started] = photos.executions().values()
    assert started["only"] == ["tags"]


@pytest.mark.parametrize("step", [(), ("--step", "Rekognition")])
def test_what_no_other_try_can_help_is_said_to_be_so(
    photos: Backend, run: Run, step: tuple[str, ...]
) -> None:
    error = {"step": "Rekognition", "name": "RecognitionRefusedError", "cause": "It is too large."}
    photos.write("a1/late.jpg", "INCOMPLETE", albumID="a1", missing={"tags": error})
    said = "There is nothing to retry: no other try can help 1 photo, see imageproc failures.\n"
    assert run("retry", "--all", *step).stdout == said
    assert run("retry", "--all", "--only", "thumbnail").stdout == "There is nothing to retry.\n"


def test_reprocess_takes_a_selection(photos: Backend, run: Run) -> None:
    answer = run("reprocess", "--camera", "Canon*", "--only", "tags")
    assert answer.stdout == "Started: a1/dog.jpg (reprocessed)\n"


def test_show_and_failures_take_a_selection(photos: Backend, run: Run) -> None:
    assert names(run("show", "--tag", "Dog", "--json")) == ["puppy", "dog"]
    assert objects(run("failures", "--json"))[0]["photos"] == ["a1/late.jpg"]
    assert objects(run("failures", "--json", "--tag", "Dog")) == []


def test_forget_shows_a_selection_and_asks(photos: Backend, run: Run) -> None:
    refused = run("forget", "--tag", "Dog", input="no\n")
    assert refused.exit_code == 1
    assert "a1/dog.jpg" in refused.stdout
    assert "In all: 2 photos" in refused.stdout
    assert run("photos", "--count").stdout == "3\n"
    assert run("forget", "--tag", "Dog", input="forget\n").exit_code == 0
    assert run("photos", "--count").stdout == "1\n"
    assert "nothing to erase" in run("forget", "--format", "PNG", "--yes").stdout


def test_forget_of_a_user_alone_takes_the_albums_too(photos: Backend, run: Run) -> None:
    assert ", 1 album." in run("forget", "--user", "ann", "--yes").stdout
    assert list(photos.workbench.albums) == []
    assert run("photos", "--count").stdout == "1\n"


BOTH_OR_NEITHER = [
    ("forget",),
    ("forget", "dog.jpg", "--tag", "Dog"),
    ("show",),
    ("show", "dog.jpg", "--limit", "1"),
    ("download", "--to", "x"),
    ("download", "dog.jpg", "--tag", "Dog", "--to", "x"),
    ("download", "Trip", "--album", "Trip", "--to", "x"),
    ("retry",),
    ("retry", "dog.jpg", "--tag", "Dog"),
    ("retry", "dog.jpg", "--step", "Rekognition"),
    ("reprocess", "--all", "--tag", "Dog"),
    ("reprocess", "--missing", "--tag", "Dog"),
]


def test_photos_are_named_or_selected(run: Run) -> None:
    for arguments in BOTH_OR_NEITHER:
        answer = run(*arguments)
        assert answer.exit_code == 2, arguments
        assert "--" in answer.stderr.splitlines()[-1], arguments
    both = run("forget", "dog.jpg", "--tag", "Dog", "--no-place", "--limit", 2).stderr
    assert "Photos are named, and conditions given (--tag, --no-place, --limit): use one." in both


def test_every_command_that_takes_photos_has_the_same_options() -> None:
    context = click.Context(imageproc)

    def options(name: str) -> set[str]:
        command = imageproc.get_command(context, name)
        assert command is not None
        return {option for parameter in command.params for option in parameter.opts}

    wanted = {"--tag", "--min-confidence", "--camera", "--lens", "--taken", "--near", "--within", "--text"}
    wanted |= {"--has-place", "--album", "--user", "--status", "--format", "--megapixels"}
    named = ("show", "download", "forget", "failures", "retry", "reprocess", "move", "copy")
    for name in ("photos", "tags", "facets", *named):
        assert options(name) >= wanted, name


def test_a_long_list_is_printed_as_it_comes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All lack something, each for another reason; what is kept is a page of rows."""
    one = decode({"imageID": "a/cat.jpg", **PHOTOS["a1/late.jpg"]}, Photo)

    def many() -> Iterator[Photo]:
        for number in range(1_500):
            cause = dataclasses.replace(one.missing["tags"], cause=f"{number} of them")
            yield dataclasses.replace(one, id=f"a/{number:06}.jpg", missing={"tags": cause})

    from imageproc.cli.output import console

    with (tmp_path / "out").open("w") as file:
        monkeypatch.setattr(console, "_file", file)
        tracemalloc.start()
        print_photos(many())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    lines = (tmp_path / "out").read_text().splitlines()
    assert most < 3_000_000
    assert sum("INCOMPLETE" in line for line in lines) == 1_500
    assert sum(line.startswith("PHOTO") for line in lines) == 1
    assert len({line.index("INCOMPLETE") for line in lines if "INCOMPLETE" in line}) == 1
