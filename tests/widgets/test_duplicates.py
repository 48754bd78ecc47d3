"""Duplicates side by side, forgetting some of them, and the viewer's similar photos, without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from imageproc.aws.items import to_item
from imageproc.client.albums import Album
from imageproc.widgets import DuplicatesPanel, GalleryPanel
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.updates import flush
from tests.client.conftest import Backend
from tests.widgets.test_photos import HOSTILE, Sent, act, say, until
from tests.widgets.test_safety import Tags

ALBUM = Album("a1", "ann", "Trip", 0)
LOOK = "dct144:" + "0f" * 18
NEAR = "dct144:" + "0f" * 17 + "0c"


@pytest.fixture
def photos(backend: Backend) -> None:
    album = {"albumID": ALBUM.id, "userID": ALBUM.user, "name": ALBUM.name, "creationTime": ALBUM.created}
    backend.stack.client("dynamodb").put_item(TableName=backend.stack.album_table, Item=to_item(album))
    large = {"width": 4000, "height": 3000}
    thumbnail = {"s3Bucket": "photos", "s3Key": "Thumbnails/a1/large.jpg"}
    backend.photo(
        "a1/large.jpg", perceptualHash=LOOK, dimensions=large, fileSize=5_000_000, thumbnail=thumbnail
    )
    backend.put_thumbnail("a1/large.jpg")
    backend.photo(
        "a1/copy.jpg",
        perceptualHash=LOOK,
        contentHash="sha256:" + "1" * 64,
        dimensions={"width": 30, "height": 40},
        exifOrientation=6,
    )
    backend.photo("a1/near.jpg", perceptualHash=NEAR, contentHash="sha256:" + "1" * 64, dimensions=large)
    backend.photo(f"a1/{HOSTILE}", creationTime="2014-05-18T16:20:05")


@pytest.fixture
def panel(backend: Backend, photos: None) -> Iterator[DuplicatesPanel]:
    made = DuplicatesPanel(backend.workbench, ALBUM)
    made.find()
    settle(made)
    yield made
    made.close()


def settle(panel: Panel) -> None:
    until(lambda: not panel.busy)
    flush()


def shown(panel: DuplicatesPanel) -> list[list[str]]:
    return [[photo["name"] for photo in group] for group in panel.groups.groups]


def test_groups_are_side_by_side_with_the_one_to_keep(panel: DuplicatesPanel) -> None:
    assert shown(panel) == [["large.jpg", "near.jpg", "copy.jpg"]]
    first, second, turned = panel.groups.groups[0]
    assert (first["kept"], second["kept"]) == (True, False)
    assert first["facts"] == ("4000 × 3000 · 5.0 MB", "no date", "in Trip")
    assert second["facts"][-1] == "differs in 2 of 144 bits"
    assert turned["facts"][0] == "40 × 30", "as it is shown"
    assert panel.groups.selected == []
    assert panel.status.text.startswith("1 group: 2 photos of 4 could go. 1 photo could not be compared")
    assert panel.results() == {"groups": 1, "spare": 2, "examined": 4, "without_hash": 1}


def test_the_same_file_is_another_question(panel: DuplicatesPanel) -> None:
    panel.kind.value = "exact"
    assert panel.threshold.layout.display == "none"
    panel.find()
    settle(panel)
    assert shown(panel) == [["near.jpg", "copy.jpg"]]


def test_only_what_was_selected_is_forgotten_and_asked_before(
    backend: Backend, panel: DuplicatesPanel
) -> None:
    panel.forget()  # nothing is selected: nothing is asked
    assert (panel.busy, panel.forget_button.disabled) == (False, True)
    panel.select_spare()
    flush()
    assert not panel.forget_button.disabled
    assert panel.groups.selected == ["a1/near.jpg", "a1/copy.jpg"]
    say(panel.groups, type="select", id="a1/near.jpg", on=False)
    say(panel.groups, type="select", id="b1/of-somebody-else.jpg", on=True)
    assert panel.groups.selected == ["a1/copy.jpg"]
    for answer, left in ((panel.question.no, 4), (panel.question.yes, 3)):
        panel.groups.selected = ["a1/copy.jpg", "b1/of-somebody-else.jpg"]
        panel.forget()
        until(lambda: panel.question.layout.display is None)
        assert panel.question.text.text.startswith("Erase copy.jpg for good?")
        assert "Nothing would be left" not in panel.question.text.text
        answer.click()
        settle(panel)
        assert len(backend.workbench.photos.where()) == left
    assert shown(panel) == [["large.jpg", "near.jpg"]]
    assert panel.status.text == "1 photo erased."


def test_it_is_said_if_nothing_would_be_left_of_a_group(panel: DuplicatesPanel) -> None:
    panel.groups.selected = ["a1/large.jpg", "a1/near.jpg", "a1/copy.jpg"]
    panel.forget()
    until(lambda: panel.question.layout.display is None)
    assert panel.question.text.text.endswith("Nothing would be left of 1 of the groups!")
    panel.question.no.click()
    settle(panel)


def test_more_groups_are_shown_when_they_are_asked_for(
    backend: Backend, panel: DuplicatesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend.photo("a1/x.jpg", contentHash="sha256:" + "2" * 64)
    backend.photo("a1/y.jpg", contentHash="sha256:" + "2" * 64)
    monkeypatch.setattr("imageproc.widgets.panels.duplicates_panel.AT_ONCE", 1)
    panel.find()
    settle(panel)
    assert (len(shown(panel)), panel.more_button.layout.display) == (1, None)
    panel.groups.selected = ["a1/copy.jpg"]
    panel.more_button.click()
    settle(panel)
    assert (len(shown(panel)), panel.more_button.layout.display) == (2, "none")
    assert panel.groups.selected == ["a1/copy.jpg"]


def test_a_group_that_was_forgotten_meanwhile_is_not_shown(
    backend: Backend, panel: DuplicatesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "uvxy":
        backend.photo(f"a1/{name}.jpg", contentHash="sha256:" + "56"[name in "xy"] * 64)
    monkeypatch.setattr("imageproc.widgets.panels.duplicates_panel.AT_ONCE", 1)
    panel.find()
    settle(panel)
    for name in "uv":
        backend.workbench.photos._records.erase(f"a1/{name}.jpg")
    backend.workbench.catalog.sync()
    panel.more_button.click()
    settle(panel)
    assert (len(shown(panel)), panel.more_button.layout.display) == (1, None)
    panel.more_button.click()
    settle(panel)
    assert [len(group) for group in shown(panel)] == [3, 2]
    assert panel.more_button.layout.display == "none"


def test_thumbnails_come_by_address_or_as_bytes(
    panel: DuplicatesPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = Sent(panel.groups, monkeypatch)
    say(panel.groups, type="address", id="a1/large.jpg")
    say(panel.groups, type="bytes", id="a1/large.jpg")
    say(panel.groups, type="bytes", id="b1/of-somebody-else.jpg")
    assert "Signature" in sent.first("address")[0]["address"]
    assert sent.first("bytes")[1] == [b"small"]
    assert len(sent.of("bytes")) == 1


def test_a_hostile_name_is_text(backend: Backend, panel: DuplicatesPanel) -> None:
    for name in ("1", "2"):
        backend.write(f"a1/{name}{HOSTILE}", contentHash="sha256:" + "3" * 64)
    panel.find()
    settle(panel)
    found = {tag for tag, _ in Tags(str(panel.groups.static())).found}
    assert found <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}


def test_the_gallery_finds_duplicates_among_the_selected(backend: Backend, photos: None) -> None:
    gallery = GalleryPanel(backend.workbench, ALBUM)
    settle(gallery)
    act(gallery, "duplicates", 0, 3)
    panel = gallery.duplicates.panel
    assert panel is not None
    settle(panel)
    assert len(shown(panel)) == 1
    act(gallery, "duplicates", 0, 0)
    settle(panel)
    assert shown(panel) == []
    gallery.duplicates.hide()
    assert gallery.duplicates.children == ()
    gallery.close()


def test_duplicates_and_a_run_are_closed_when_another_album_is_shown(backend: Backend, photos: None) -> None:
    gallery = GalleryPanel(backend.workbench, ALBUM)
    settle(gallery)
    act(gallery, "duplicates", 0, 3)
    gallery.run.show(gallery.view[0].id)
    assert gallery.run.follow in gallery.run.children
    gallery.run.close_button.click()
    assert gallery.run.children == (gallery.run.close_button,)
    gallery.run.show(gallery.view[0].id)
    assert gallery.duplicates.children
    assert len(gallery.run.children) == 2
    gallery.show(backend.workbench.photos.where(tag="Dog"))
    assert (gallery.duplicates.children, len(gallery.run.children)) == ((), 1)
    settle(gallery)
    gallery.close()


def test_the_viewer_shows_similar_photos_and_opens_them(
    backend: Backend, photos: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = GalleryPanel(backend.workbench, ALBUM)
    settle(gallery)
    gallery.open_id("a1/near.jpg")
    flush()
    sent = Sent(gallery.viewer, monkeypatch)
    say(gallery.viewer, type="similar", id="a1/near.jpg")
    message, data = sent.first("similar")
    assert [photo["name"] for photo in message["photos"]] == ["copy.jpg", "large.jpg"]
    assert message["photos"][0]["note"] == "differs in 2 of 144 bits"
    assert data == [b"", b"small"]
    say(gallery.viewer, type="open-similar", id="a1/near.jpg", photo=f"a1/{HOSTILE}")  # was not offered
    flush()
    assert gallery.viewer.photo["id"] == "a1/near.jpg"
    say(gallery.viewer, type="open-similar", id="a1/near.jpg", photo="a1/large.jpg")
    flush()
    assert gallery.viewer.photo["id"] == "a1/large.jpg"
    gallery.close()


def test_why_there_are_no_similar_photos_is_said(
    backend: Backend, photos: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = GalleryPanel(backend.workbench, ALBUM)
    settle(gallery)
    gallery.open_id(f"a1/{HOSTILE}")
    flush()
    sent = Sent(gallery.viewer, monkeypatch)
    say(gallery.viewer, type="similar", id=f"a1/{HOSTILE}")
    assert "no perceptual hash" in sent.first("similar")[0]["cause"]
    gallery.close()
