"""The web app: log in, choose an album, upload, follow, view. The original's test web app, in widgets."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import date
from functools import cached_property
from threading import Lock
from typing import Any

import ipywidgets

from imageproc import Album, Photo, Workbench, default_user
from imageproc.client.uploads.outage import answers
from imageproc.client.users import check_user
from imageproc.errors import AlbumNotFoundError, QueryError, UploadError
from imageproc.widgets.app.address import ALL, Address
from imageproc.widgets.app.album_page import AlbumPage, about, title
from imageproc.widgets.app.freshness import Freshness
from imageproc.widgets.app.navigation import Navigation, is_awaited
from imageproc.widgets.app.repairs import Repairs
from imageproc.widgets.panels import fields, photo_actions
from imageproc.widgets.panels.album_panel import AlbumPanel
from imageproc.widgets.panels.follow_panel import FollowPanel
from imageproc.widgets.panels.gallery_panel import GalleryPanel
from imageproc.widgets.panels.login_panel import LoginPanel
from imageproc.widgets.panels.shown_photos import NEWEST, own_order
from imageproc.widgets.panels.upload_panel import UploadPanel
from imageproc.widgets.parts.heading import Heading
from imageproc.widgets.parts.top_bar import TopBar, TopBarHandlers
from imageproc.widgets.updates import flush, update

_INVITATION = ("Drop photos here to start.", "Choose photos")
_GONE = "That album is not there: it was deleted, or is in another stack. Here are your albums."
_NOTHING = "Nothing is being processed, and nothing has failed."


class WebApp(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The whole web app for one visitor: `user`, empty before the log-in, at `navigation.address`.

    The address of somebody else shows that one's photos, and changes nothing of who is logged in.
    """

    def __init__(self, workbench: Workbench) -> None:
        """Use this stack."""
        self._workbench = workbench
        self._making = Lock()
        self.user = ""
        self._entered = ("", "")  # the user whose visit has begun, and the stack's bucket
        self._seen = 0.0  # the end of the last failure that was looked at, in epoch seconds
        self._nowhere: Address | None = None
        self._make_panels(workbench)
        self.top_bar = TopBar(self._handlers(), self.gallery.search_bar)
        self.navigation = Navigation(self._enter, self.top_bar.put_address, self._say_problem, self._answers)
        heading = Heading("Activity", "What happens to each photo, live.")
        self.drawer = ipywidgets.VBox([heading, self.repairs, self.follow])
        self.editing = ipywidgets.VBox()
        where = f"Stack {workbench.stack.name} in {workbench.target}"
        self.card = ipywidgets.VBox([Heading("Photos", where, level=1), self.login])
        self._login_page = ipywidgets.Box([self.card])
        self._wire()
        pages = [self._login_page, self.albums.cards, self.gallery]
        super().__init__([self.top_bar, *pages, self.drawer, self.editing, self.uploads])
        self._name_for_styles(pages)
        self._show_page(Address())

    def _make_panels(self, workbench: Workbench) -> None:
        self.login = LoginPanel(default_user())
        self.albums = AlbumPage(workbench, self._open_album, self._create_album, self._looked)
        self._unwatch = workbench.albums.on_change(self.albums.note)
        self.uploads = UploadPanel(workbench, make_album=self._album_of_today, anywhere=True)
        self.follow = FollowPanel(workbench)
        self.follow.list.empty = _NOTHING
        self.repairs = Repairs(
            workbench,
            self.follow.follow_existing,
            self._count,
            lambda: self.albums.unsettled(self.user),
            lambda why: update(self.follow.list, empty=why or _NOTHING),
        )
        self.gallery = GalleryPanel(
            workbench,
            later=True,
            actions=photo_actions.OF_GUESTS,
            invitation=_INVITATION,
            show_run=self._show_run,
            user=lambda: self.user,
            expects=lambda album: self.uploads.sends_to(album) or self.follow.awaits(album),
        )
        self.freshness = Freshness(workbench, self.gallery, self._show_changed, self._looked)

    def _handlers(self) -> TopBarHandlers:
        return TopBarHandlers(
            go=self._come,
            home=lambda: self.navigation.go(Address(self.user)),
            seen=self._see,
            switch=self._log_out,
            activity=lambda: self._open_drawer(not self.top_bar.expanded),
            edit=lambda: self._edit_album(not self.top_bar.editing),
            again=lambda: self.navigation.again(),
        )

    def _wire(self) -> None:
        self.login.on_login(self._log_in)
        self.uploads.on_uploaded(self.follow.add)
        self.uploads.on_begun(lambda _: self.gallery.invite())
        self.uploads.zone.observe(lambda _: self.gallery.invite(), "listed")
        self.follow.on_finished(self._show_finished)
        self.follow.on_erased(lambda _: self._show_without_erased())
        self.gallery.search_bar.observe(self._note_search, "text")
        self.gallery.viewer.observe(
            lambda change: self.navigation.note(photo=change["new"].get("id", "")), "photo"
        )
        self.gallery.takes_error = self.navigation.take
        self.gallery.map.observe(lambda change: self._tell(placed=change["new"]), "count")
        self.follow.list.observe(lambda _: self._count(), "counts")
        self.gallery.gallery.observe(lambda change: self._note_question(change["new"]), "asking")

    def _name_for_styles(self, pages: list[ipywidgets.Widget]) -> None:
        """Give widgets the classes of static/web_app.css."""
        self.add_class("ip-app")
        for page in pages:
            page.add_class("ip-app-page")
        named = [
            (self._login_page, "login"),
            (self.card, "card"),
            (self.gallery, "photos"),
            (self.gallery.status, "status"),
            (self.gallery.gallery, "rows"),
            (self.gallery.map, "map"),
            (self.drawer, "drawer"),
            (self.editing, "drawer"),
            (self.uploads, "tray"),
        ]
        for widget, name in named:
            widget.add_class(f"ip-app-{name}")

    @cached_property
    def editor(self) -> AlbumPanel:
        """The form for the album that is open; made when it is first asked for, as a page is to be light."""
        made = AlbumPanel(self._workbench, chooses=False)
        made.on_choose(self._show_changed)
        made.on_delete(lambda _: self.navigation.go(Address(self.user)))
        made.on_close(lambda: self._edit_album(False))
        self.editing.children = (Heading("Album"), made)
        return made

    @property
    def _opened(self) -> str:
        """The ID of the open photo; empty if none is."""
        return str(self.gallery.viewer.photo.get("id", ""))

    def close(self) -> None:
        """Close all that is in it."""
        self._unwatch()
        self.navigation.close()
        self.freshness.stop()
        self.albums.pulse.stop()
        if self.editing.children:
            self.editor.close()
        for part in (self.login, self.albums.cards, self.uploads, self.repairs, self.follow, self.gallery):
            part.close()
        super().close()

    # From place to place

    def _enter(self, wanted: Address, before: Address) -> tuple[Address, str]:
        """Show an address, or the albums where an album is not there. Return what is to be seen, and why.

        Raises UploadError for a user's name, WorkbenchError for what is not there, AwsError.
        """
        try:
            return self._show_address(wanted, before), ""
        except AlbumNotFoundError:
            return self._show_address(Address(self.user), before), _GONE

    def _show_address(self, wanted: Address, before: Address) -> Address:
        user = self.user
        visit = (user, self._workbench.stack.bucket if user else "")
        comes = visit != self._entered
        if comes:
            self._change_user(user)
        album = self._album_at(wanted) if user else None
        self.uploads.album = album
        update(self.uploads.zone, enabled=bool(user))
        mine = album is not None and album.user == user
        self._tell(user=user, title=title(wanted, album, user), about=about(album), editable=mine)
        if comes or wanted.album != before.album or wanted.user != before.user:
            self._edit_album(False)
        self._show_page(wanted if user else Address())
        if not user:
            self.login.offer(wanted.user)
            return wanted
        if not wanted.shows_photos:
            self.albums.load(wanted.user)
        opened = self._opened
        self._show_photos(wanted, before, album)
        if comes:
            self.repairs.enter()
            self._entered = visit
        flush()
        # A photo that was opened meanwhile stays open: photos are there before the table was asked.
        if wanted.photo != self._opened and (wanted.photo or self._opened == opened):
            self.gallery.viewer.show(None)
            if wanted.photo:
                self.gallery.open_id(wanted.photo)
            flush()
        return replace(wanted, search=self.gallery.search_bar.text, photo=self._opened)

    def _album_at(self, wanted: Address) -> Album | None:
        """Return the album of an address, None if it is about none.

        Raises UploadError for a user's name, AlbumNotFoundError, AwsError.
        """
        try:
            check_user(wanted.user)
            return None if wanted.album in ("", ALL) else self.albums.find(wanted.album)
        except UploadError:
            self._nowhere = wanted  # to try it again would be in vain
            raise

    def _show_photos(self, wanted: Address, before: Address, album: Album | None) -> None:
        searched = self.gallery.search_bar.text
        if replace(wanted, search="", photo="") != replace(before, search="", photo=""):
            what, order = album or self.albums.photos(wanted.user), own_order(album) if album else NEWEST
            reading = self.gallery.show(what, order=order)
            update(self.gallery.search_bar, text=wanted.search)  # seen before it is answered
            reading.wait()
            flush()
            searched = ""
        if wanted.search != searched:
            with contextlib.suppress(QueryError):  # it is said below the field
                self.gallery.search(wanted.search).wait()

    def _come(self, fragment: str, user: str) -> None:
        """Show the page's address to whom its browser has noted as logged in."""
        address = Address.parse(fragment)
        self.user = user if address.user else ""
        self.login.offer(user)
        self.navigation.go(address, typed=True)

    def _log_in(self, user: str) -> None:
        """Go to this user's albums, or to the address that was asked for before the log-in."""
        wanted, self.user = self.navigation.address, user
        if (wanted.user == user or wanted.shows_photos) and wanted != self._nowhere:
            self.navigation.again()
        else:
            self.navigation.go(Address(user))

    def _log_out(self) -> None:
        self.user = ""
        self.navigation.go(Address())

    def _say_problem(self, text: str) -> None:
        """Say what is wrong, or nothing: in the bar, or where that would be all there is, in the card."""
        in_card = self._login_page.layout.display != "none"
        self.login.say_problem(text if in_card else "")
        if in_card and text:
            self.login.offer(self.user)
        self._tell(problem="" if in_card else text, again="OK" if text == _GONE else "Try again")

    def _answers(self) -> bool:
        """Whether there is an AWS and a stack that answer what a page asks first."""
        return answers(self._workbench.target, lambda: self._workbench.albums.of(self.user), is_awaited)

    def _looked(self, error: Exception | None) -> None:
        """Go on after a look at an open page. Raises AwsError."""
        is_other = error is None and self._entered[1] not in ("", self._workbench.stack.bucket)
        self.navigation.looked(error, is_other=is_other)

    def _change_user(self, user: str) -> None:
        self._entered = ("", "")
        if user != self.top_bar.user:
            self._seen = 0.0  # the browser says soon what this one has seen
        if user:
            check_user(user)
        self.follow.forget()
        self._open_drawer(False)
        self.gallery.viewer.show(None)

    def _show_page(self, address: Address) -> None:
        fields.set_visible(self._login_page, not address.user)
        fields.set_visible(self.albums.cards, bool(address.user) and not address.shows_photos)
        fields.set_visible(self.gallery, address.shows_photos)
        self.freshness.run(address.shows_photos)
        self.albums.pulse.run(bool(address.user) and not address.shows_photos)
        fields.set_visible(self.drawer, bool(address.user) and self.top_bar.expanded)
        fields.set_visible(self.editing, bool(address.user) and self.top_bar.editing)

    # What the visitor does

    def _open_album(self, album_id: str) -> None:
        """Open one of the albums that are shown."""
        self.navigation.go(Address(self.navigation.address.user, album_id))

    def _create_album(self, name: str) -> None:
        try:
            album = self._workbench.albums.get_or_create(name, self.user)
        except Exception as error:  # noqa: BLE001 - said in the bar
            self.navigation.fail(error)
        else:
            self.navigation.go(Address(self.user, album.id))

    def _album_of_today(self) -> Album:
        """Return where photos go that are dropped outside of albums, and open it.

        Raises UploadError before the log-in, AwsError.
        """
        if not self.user:
            raise UploadError("Log in first.")
        with self._making:
            if self.uploads.album:
                return self.uploads.album
            album = self._workbench.albums.get_or_create(f"{date.today():%-d %B %Y}", self.user)
            self.uploads.album = album
        self.navigation.go(Address(self.user, album.id))
        return album

    def _edit_album(self, is_open: bool) -> None:
        """Show or hide the form for the album that is open."""
        album = self.uploads.album
        is_open = is_open and album is not None and self.top_bar.editable and not self.gallery.gallery.asking
        self.top_bar.editing = is_open
        fields.set_visible(self.editing, is_open)
        if is_open and album:
            self._open_drawer(False)
            self.editor.show_user(self.user)
            self.editor.choose(album)
            self.editor.edit()

    def _note_question(self, asking: bool) -> None:
        """Have the album not changed while it is asked what becomes of its photos."""
        self._tell(asking=asking)
        if self.editing.children:
            update(self.editor.form.delete_button, disabled=asking)

    def _show_changed(self, album: Album) -> None:
        """Show the album that is open as it is now."""
        before = self.uploads.album
        if before is None or before.id != album.id or before == album:
            return
        self.uploads.album = album
        self._tell(title=album.name, about=about(album))
        if before.sort_order != album.sort_order:
            self.gallery.show(album)

    def _note_search(self, change: dict[str, Any]) -> None:
        if self.navigation.note(search=change["new"]):
            self._show_page(self.navigation.address)

    def _show_run(self, photo_id: str) -> None:
        self._open_drawer(True)
        self.follow.show(photo_id, reveal=True)

    def _open_drawer(self, is_open: bool) -> None:
        self.repairs.pulse.run(is_open)
        if is_open:
            self._edit_album(False)
            self.uploads.zone.fold()  # it would lie upon the drawer
        self.top_bar.expanded = is_open
        fields.set_visible(self.drawer, is_open)
        self._count()

    def _show_finished(self, photos: list[Photo]) -> None:
        for photo in photos:
            self.gallery.add(photo)
        all_ended = all(one.finished for one in self.follow.photos)
        if all_ended:
            self.repairs.look()
        # Those of earlier visits are told at once, and are counted already.
        if self.top_bar.active and not self.navigation.address.shows_photos:
            self.albums.count(at_once=all_ended)

    def _show_without_erased(self) -> None:
        if self.navigation.address.shows_photos:
            self.gallery.refresh()
        else:
            self.navigation.again()

    def _see(self, until: float) -> None:
        """Note that the visitor has seen what failed up to this time."""
        self._seen = max(self._seen, until)
        self._count()

    def _count(self) -> None:
        """Say how many are under way, and have failed since the drawer was last open."""
        failed = self.follow.failed_at()
        if self.top_bar.expanded and max(failed, default=0.0) > self._seen:
            self._seen = max(failed)
            self.top_bar.keep_seen(self._seen)
        unseen = sum(one > self._seen for one in failed)
        unseen += 0 if self.top_bar.expanded else self.repairs.unstarted
        self.repairs.note(self.follow.photos)
        self._tell(failed=unseen, active=self.follow.list.counts.get("active", 0))
        self.gallery.invite()

    def _tell(self, **traits: Any) -> None:
        update(self.top_bar, **traits)
