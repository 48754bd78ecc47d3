"""Photos moved and copied between albums while the pipeline works on them, and an album deleted."""

from __future__ import annotations

import io
import time
import urllib.request
import zipfile

from imageproc import Copied, Moved
from tests import pictures
from tests.flow.conftest import DONE, Backend


def test_a_photo_is_moved_while_it_is_processed_then_copied_and_its_album_deleted(
    backend: Backend, fresh: str
) -> None:
    workbench = backend.workbench
    trip, best, rest = (
        workbench.albums.get_or_create(f"{name} {fresh}") for name in ("Trip", "Best", "Rest")
    )
    photo_id = f"{trip.id}/{fresh}-cat.jpg"
    backend.put(photo_id, pictures.jpeg((3000, 2000), make="Canon"), album=trip.id)
    while not list(workbench.photos.many([photo_id])):
        time.sleep(0.02)
    assert list(workbench.photos.move([photo_id], best)) == [Moved(photo_id)]
    photo = backend.ended(photo_id)[photo_id]
    assert (photo.album_id, photo.status, photo.camera.make) == (best.id, DONE, "Canon")
    assert backend.execution(photo)["status"] == "SUCCEEDED"

    (copied,) = workbench.photos.copy([photo], trip)
    assert isinstance(copied, Copied)
    copy = backend.ended(copied.copy_id)[copied.copy_id]
    assert (copy.album_id, copy.user, copy.status) == (trip.id, trip.user, DONE)
    assert copy.content_hash == photo.content_hash

    link = workbench.photos.link("cat.zip", lambda file: workbench.photos.write_zip([copy], file))
    with urllib.request.urlopen(link.url) as answer:
        assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''cat.zip"
        with zipfile.ZipFile(io.BytesIO(answer.read())) as archive:
            assert len(archive.namelist()) == 3

    renamed = workbench.albums.rename(trip, f"Holiday {fresh}")
    assert workbench.albums.delete(renamed, move_to=rest) == 1
    assert workbench.albums.delete(best, forget=True) == 1
    workbench.catalog.sync()
    assert workbench.photos.where(album=rest).ids() == [copy.id]
    assert [album.id for album in workbench.albums if fresh in album.name] == [rest.id]
