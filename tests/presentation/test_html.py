"""Objects as HTML: hostile texts stay text, and sizes are bounded."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from imageproc.core.label import Label
from imageproc.core.record import PhotoRecord, Status, StepError, Thumbnail
from imageproc.presentation import html
from imageproc.presentation.listings import MAX_ROWS
from tests import pictures

HOSTILE = "<img src=x onerror=alert(1)>\"'{0}‮"
PICTURE = pictures.jpeg((200, 150))


class Page(HTMLParser):
    """What a browser makes of a page: its tags, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def record(**known: object) -> PhotoRecord:
    return PhotoRecord(**{"id": "trip/cat.jpg", "status": Status.SUCCEEDED, **known})  # type: ignore[arg-type]


def test_a_photo_shows_thumbnail_name_tags_and_facts() -> None:
    page = Page(
        html.photo(
            record(machine_tags=("Cat", "Pet"), machine_labels=(Label("Cat", 98.7),), format="JPEG"), PICTURE
        )
    )
    assert [attributes["alt"] for tag, attributes in page.tags if tag == "img"] == ["cat.jpg"]
    assert "Cat 99 %, Pet" in page.text
    assert "Format" in page.text
    assert "JPEG" in page.text


def test_the_labels_that_tell_most_are_named_first() -> None:
    labels = (Label("Animal", 93.0), Label("Mammal", 93.0, parents=("Animal",)), Label("Pet", 93.0))
    dog = Label("Dog", 93.0, parents=("Pet", "Mammal", "Animal"))
    shown = record(machine_tags=("Animal", "Mammal", "Pet", "Dog", "Chair"), machine_labels=(*labels, dog))
    assert "Dog 93 %, Chair, Mammal 93 %" in Page(html.photo(shown, None)).text
    assert "Dog, Chair, Mammal" in Page(html.contact_sheet("T", [html.SheetPhoto(shown, None)], 1)).text
    asked = html.contact_sheet("T", [html.SheetPhoto(shown, None, ["Animal"])], 1)
    assert "Animal, Dog, Chair" in Page(asked).text


def test_a_photo_says_what_went_wrong() -> None:
    page = Page(html.photo(record(status=Status.FAILED, error=StepError("Step", "Name", "It broke.")), None))
    assert "It broke." in page.text
    assert "no thumbnail" in page.text


@pytest.mark.parametrize("data", [None, b"", b"no picture"], ids=["none", "empty", "broken"])
def test_a_thumbnail_that_cannot_be_shown_is_said_to_be_missing(data: bytes | None) -> None:
    page = Page(html.contact_sheet("Trip", [html.SheetPhoto(record(), data)], 1))
    assert [tag for tag, _ in page.tags if tag == "img"] == []
    assert "no thumbnail" in page.text


def test_hostile_texts_are_shown_as_text() -> None:
    hostile = record(
        id=f"trip/{HOSTILE}",
        machine_tags=(HOSTILE,),
        machine_labels=(Label(HOSTILE, 50.0),),
        description=HOSTILE,
        error=StepError(HOSTILE, HOSTILE, HOSTILE),
        thumbnail=Thumbnail("b", HOSTILE),
    )
    shown = (
        html.photo(hostile, PICTURE),
        html.contact_sheet(HOSTILE, [html.SheetPhoto(hostile, PICTURE)], 1),
        html.listing([HOSTILE], [[HOSTILE]], HOSTILE),
        html.pairs(HOSTILE, [(HOSTILE, HOSTILE)]),
        html.notes([HOSTILE]),
    )
    for page in map(Page, shown):
        assert "onerror" in page.text
        assert "‮" not in page.text
        images = [attributes for tag, attributes in page.tags if tag == "img"]
        assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in images)
        assert not any("onerror" in image for image in images)


def test_a_contact_sheet_counts_all_photos_and_shows_some() -> None:
    shown = html.contact_sheet("Trip", [html.SheetPhoto(record(), PICTURE)] * 100, 100_000)
    page = Page(shown)
    assert sum(tag == "img" for tag, _ in page.tags) == html.MAX_PICTURES
    assert "100,000 photos, 24 shown" in page.text
    assert len(shown) < 500_000


def test_a_long_table_is_cut_and_says_so() -> None:
    page = Page(html.listing(["Number"], ([number] for number in range(1_234)), "Numbers"))
    assert sum(tag == "tr" for tag, _ in page.tags) == MAX_ROWS + 1
    assert "and 1,184 more" in page.text


def test_a_table_without_rows_says_so() -> None:
    assert Page(html.listing(["Number"], [], "Numbers", "There are none.")).text == "Numbers: There are none."
