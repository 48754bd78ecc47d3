"""The web app: log in, choose an album, upload, follow, view. The original's test web app, in widgets."""

from __future__ import annotations

import ipywidgets

from imageproc import Album, Photo, Workbench, default_user
from imageproc.widgets.panels import fields, photo_actions
from imageproc.widgets.panels.album_panel import AlbumPanel
from imageproc.widgets.panels.follow_panel import FollowPanel
from imageproc.widgets.panels.gallery_panel import GalleryPanel
from imageproc.widgets.panels.login_panel import LoginPanel
from imageproc.widgets.panels.upload_panel import UploadPanel
from imageproc.widgets.parts.heading import Heading


class WebApp(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The whole web app for one visitor; each part appears when it can be used."""

    def __init__(self, workbench: Workbench) -> None:
        """Use this stack."""
        self.login = LoginPanel(default_user())
        self.albums = AlbumPanel(workbench)
        self.uploads = UploadPanel(workbench)
        self.follow = FollowPanel(workbench)
        self.gallery = GalleryPanel(workbench, actions=photo_actions.OF_GUESTS)
        self._after_login = ipywidgets.VBox([Heading("Albums"), self.albums])
        self._in_album = ipywidgets.VBox(
            [
                Heading("Upload photos", "JPEG or PNG. They go straight from this page to S3."),
                self.uploads,
                Heading("Processing", "What happens to each photo, live."),
                self.follow,
                Heading("Album"),
                self.gallery,
            ]
        )
        self._wire()
        where = f"Stack {workbench.stack.name} in {workbench.target}"
        layout = ipywidgets.Layout(max_width="1200px", margin="0 auto", width="100%")
        super().__init__(
            [Heading("Photos", where, level=1), self.login, self._after_login, self._in_album], layout=layout
        )

    def _wire(self) -> None:
        for part in (self._after_login, self._in_album):
            fields.set_visible(part, False)
        self.login.on_login(self._log_in)
        self.albums.on_choose(self._open)
        self.uploads.on_uploaded(self.follow.add)
        self.follow.on_finished(self._show_finished)

    def _log_in(self, user: str) -> None:
        self.albums.show_user(user)
        fields.set_visible(self._after_login, True)
        fields.set_visible(self._in_album, False)

    def _show_finished(self, photos: list[Photo]) -> None:
        for photo in photos:
            self.gallery.add(photo)

    def _open(self, album: Album) -> None:
        self.uploads.album = album
        self.gallery.show(album)
        fields.set_visible(self._in_album, True)
