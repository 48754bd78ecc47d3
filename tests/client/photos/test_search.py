"""A line of text as conditions: the grammar alone, and asked of a catalog."""

from __future__ import annotations

import doctest
from typing import Any

import pytest

from imageproc.client.photos import search
from imageproc.client.photos.search import parse, term_text
from imageproc.errors import InvalidArgumentError, QueryError
from tests.client.conftest import Backend


def test_the_modules_example_is_true() -> None:
    assert doctest.testmod(search).failed == 0
    assert doctest.testmod(search).attempted == 2


@pytest.mark.parametrize(
    ("text", "conditions"),
    [
        ("dog", [{"text": "dog"}]),
        ('"red car"', [{"text": "red car"}]),
        ("10:20", [{"text": "10:20"}]),
        ("-", [{"text": "-"}]),
        ("camera:canon", [{"camera": "*canon*"}]),
        ("Camera:canon*", [{"camera": "canon*"}]),
        ('camera:"Canon EOS 5D"', [{"camera": "Canon EOS 5D"}]),
        ("tag:Dog,Cat", [{"tag": ["Dog", "Cat"]}]),
        ('tag:"Motor Vehicle">90', [{"tag": "Motor Vehicle", "min_confidence": 90.0}]),
        ("tag:Dog>90,Cat", [{"tag": "Dog", "min_confidence": 90.0}, {"tag": "Cat"}]),
        ('tag:"Salt, Pepper"', [{"tag": "Salt, Pepper"}]),
        ("taken:2014", [{"taken": "2014"}]),
        ("taken:2014-05..", [{"taken": ("2014-05", None)}]),
        ("taken:2012,2014", [{"taken": "2012"}, {"taken": "2014"}]),
        ("megapixels:12..24", [{"megapixels": (12.0, 24.0)}]),
        ("file_size:>5MB", [{"file_size": (5e6, None)}]),
        ("f_number:<=2.8", [{"f_number": (None, 2.8)}]),
        ("exposure_time:1/50", [{"exposure_time": 0.02}]),
        ("altitude:-10..", [{"altitude": (-10.0, None)}]),
        ("near:52.5,13.4,50km", [{"near": (52.5, 13.4, "50km")}]),
        ("within:-10,170,10,-170", [{"within": (-10.0, 170.0, 10.0, -170.0)}]),
        ("has:place", [{"has_place": True}]),
        ("status:failed,rejected", [{"status": ["failed", "rejected"]}]),
        ("album:Trip", [{"album": "Trip"}]),
    ],
)
def test_a_term_is_what_where_takes(text: str, conditions: Any) -> None:
    (term,) = parse(text).terms
    assert (list(term.conditions), term.negated, term.text) == (conditions, False, text)


def test_terms_are_read_one_after_the_other() -> None:
    found = parse('  dog -tag:"Motor Vehicle"  -has:place ')
    assert [term.negated for term in found.terms] == [False, True, True]
    assert str(found) == 'dog -tag:"Motor Vehicle" -has:place'
    assert str(found.without(1)) == "dog -has:place"
    assert parse("").terms == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("camara:x", "Did you mean 'camera'"),
        ('tag:"Dog', "quotation mark"),
        ("tag:", "says nothing yet"),
        ("has:money", "has:place or has:date"),
        ("f_number:wide", "f_number:12..24"),
        ("exposure_time:1/0", "exposure_time"),
        ("f_number:<", "f_number:12..24"),
    ],
)
def test_what_cannot_be_read_is_said_with_the_fix(text: str, says: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("camera", "Canon EOS 5D"),
        ("tag", "Dog"),
        ("tag", "Motor Vehicle"),
        ("tag", "A-b"),
        ("status", "FAILED"),
    ],
)
def test_the_term_for_a_value_finds_just_it(field: str, value: str) -> None:
    (term,) = parse(term_text(field, value)).terms
    assert term.conditions == ({field: value},)


def test_the_python_of_a_search_finds_the_same(backend: Backend) -> None:
    workbench = backend.workbench
    for number, (tag, camera) in enumerate(
        [("Dog", "Canon"), ("Dog", "Nikon"), ("Cat", "Canon"), ("Cat", None)]
    ):
        label = {"name": tag, "confidence": 95, "parents": ["Animal"]}
        backend.write(f"a1/{number}.jpg", tags=[tag], labels=[label], exifModel=camera)
    for text, expected in {
        "": {0, 1, 2, 3},
        "tag:dog": {0, 1},
        "dog canon": {0},
        "tag:animal -tag:dog": {2, 3},
        "tag:Dog>90,Cat>99 -camera:nikon": {0},
        "camera:canon,nikon tag:Dog>90 dog": {0, 1},
        "-camera:canon": {1, 3},
        "tag:Dog tag:Cat": set(),
    }.items():
        found = workbench.photos.search(text)
        assert {one.name for one in found} == {f"{number}.jpg" for number in expected}, text
        code = parse(text).python("workbench.photos")
        again = eval(code, {"workbench": workbench})
        assert again.ids() == found.ids(), code


def test_a_word_that_is_found_nowhere_stands_for_near_labels_and_says_so(backend: Backend) -> None:
    photos = backend.workbench.photos
    for number, tag in enumerate(("Couch", "Dog", "Cat")):
        label = {"name": tag, "confidence": 95}
        backend.write(
            f"a1/{number}.jpg", tags=[tag], labels=[label], exifImageDescription="my puppy" * number
        )
    found = parse("sofa -hound").understood(photos.where())
    assert [term.shown for term in found.terms] == ["sofa → Couch", "-hound → Dog"]
    assert str(found) == "sofa -hound"
    assert found.python("photos") == "photos.where(tag=['Couch']) & ~photos.where(tag=['Dog'])"
    assert [one.name for one in photos.search("sofa")] == ["0.jpg"]
    assert {one.name for one in photos.search("-automobile")} == {"0.jpg", "1.jpg", "2.jpg"}
    described = parse("puppy").understood(photos.where())
    assert [term.shown for term in described.terms] == ["puppy"], "it is found as it is written"
    assert photos.search('"sofa"').count() == 0, "in quotation marks it is just that word"


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("tag:puppy", QueryError, "Did you mean 'Dog'"),
        ("tag:Dgo", QueryError, "Did you mean 'Dog'"),
        ("status:fialed", QueryError, "FAILED"),
        ("taken:May", InvalidArgumentError, "2014-05"),
        ("near:52.5", QueryError, "near:52.5,13.4,50km"),
        ("within:1,2,3", QueryError, "south,west,north,east"),
        ("taken:2014..2012", InvalidArgumentError, "the other way round"),
    ],
)
def test_wrong_values_are_refused_when_photos_are_asked_for(
    backend: Backend, text: str, kind: type[Exception], says: str
) -> None:
    backend.write("a1/1.jpg", tags=["Dog"], labels=[{"name": "Dog", "confidence": 95}])
    with pytest.raises(kind) as error:
        len(backend.workbench.photos.search(text))
    assert says in str(error.value)


def test_an_outline_has_what_a_gallery_is_laid_out_by(backend: Backend) -> None:
    size: dict[str, Any] = {"dimensions": {"width": 400, "height": 200}}
    backend.write("a1/1.jpg", **size, creationTime="2014-05-01T10:00:00")
    backend.write("a1/2.jpg", **size, exifOrientation=6, geo={"latitude": 52.5, "longitude": 13.4})
    found = backend.workbench.photos.where().sort_by("taken").outline(10)
    assert found.ids == ["a1/1.jpg", "a1/2.jpg"]
    assert list(found.aspects) == [2.0, 0.5]
    assert [day and day.year for day in found.days] == [2014, None]
    assert found.places == {1: (52.5, 13.4)}
    assert len(backend.workbench.photos.where().outline(1).ids) == 1


def test_a_year_that_is_found_nowhere_stands_for_when_photos_were_taken(backend: Backend) -> None:
    photos = backend.workbench.photos
    backend.write("a1/0.jpg", exifModel="Canon", creationTime="2004-05-01T10:00:00")
    backend.write("a1/1.jpg", exifModel="Canon", creationTime="2005-05-01T10:00:00")
    backend.write("a1/IMG_2006.jpg", exifModel="Canon")
    found = parse("canon 2004").understood(photos.where())
    assert [term.shown for term in found.terms] == ["canon", "2004 → taken:2004"]
    assert [one.name for one in photos.search("canon 2004")] == ["0.jpg"]
    assert [one.name for one in photos.search("2006")] == ["IMG_2006.jpg"], "where it is found it is a word"
    assert photos.search('"2004"').count() == 0


@pytest.mark.parametrize(
    ("text", "said"), [("cat OR dog", "tag:cat,dog"), ("cat AND dog", "Leave it out"), ("NOT dog", "-dog")]
)
def test_operators_of_other_searches_are_told_as_they_are_written_here(text: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        parse(text)
    assert [term.conditions for term in parse('"OR" or').terms] == [({"text": "OR"},), ({"text": "or"},)]


def test_a_misspelled_camera_is_told_and_another_model_is_not(backend: Backend) -> None:
    photos = backend.workbench.photos
    backend.write("a1/0.jpg", exifMake="Canon", exifModel="Canon EOS 5D", exifLensModel="Sigma 35mm F1.4")
    for text in ("camera:cannon", "camera:Cannon*", "make:cannon"):
        with pytest.raises(QueryError, match=r"with '[Cc]annon'\. Did you mean 'Canon'\?"):
            photos.search(text).count()
    with pytest.raises(QueryError, match=r"No photo has a camera with 'Cannon'"):
        photos.where(camera=["Canon*", "Cannon*"]).count()
    with pytest.raises(QueryError, match=r"lens with 'sigmaa'\. Did you mean 'Sigma'\?"):
        photos.search("lens:sigmaa").count()
    assert photos.search("camera:cano").count() == 1
    assert [photos.search(text).count() for text in ("camera:nikon", 'camera:"Canon EOS 6D"')] == [0, 0]


def test_a_word_that_cameras_have_only_among_others_is_told_with_a_star(backend: Backend) -> None:
    photos = backend.workbench.photos
    backend.write("a1/0.jpg", exifMake="Canon", exifModel="EOS 5D", exifLensModel="Sigma Macro 35mm")
    with pytest.raises(QueryError, match=r"No photo has just 'canon' as its camera\. Did you mean 'canon\*'"):
        photos.where(camera="canon").count()
    with pytest.raises(QueryError, match=r"Did you mean '\*macro\*'"):
        photos.where(lens="macro").count()
    found = [photos.where(make="canon"), photos.where(camera="canon*"), photos.where(camera="Canon EOS 5D")]
    assert [view.count() for view in found] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "field"),
    [("iso", "sensitivity"), ("Date", "taken"), ("person", "tag"), ("aperture", "f_number")],
)
def test_what_a_field_is_called_elsewhere_is_known(name: str, field: str) -> None:
    with pytest.raises(QueryError, match=f"Did you mean '{field}'"):
        parse(f"{name}:400")
