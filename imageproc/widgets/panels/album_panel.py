"""The albums of a user: choose one, make one, change or delete one."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from imageproc import Album, Cancellation, Workbench
from imageproc.costs import Estimate
from imageproc.costs.words import brief
from imageproc.errors import AlbumNotFoundError
from imageproc.widgets.actor import Job, JobControl
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.album_form import AlbumForm
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_NONE = "(choose an album)"


class AlbumPanel(Panel):
    """Chooses an album of a user; `album` is None until one is chosen."""

    def __init__(self, workbench: Workbench, user: str = "", *, chooses: bool = True) -> None:
        """Show this user's albums; without a user, none until `show_user`.

        Without `chooses` it only changes and deletes the album that `choose` is given.
        """
        self.workbench = workbench
        self.user = user
        self.albums: dict[str, Album] = {}
        self.album: Album | None = None
        self._listeners: list[Callable[[Album], object]] = []
        self._delete_listeners: list[Callable[[Album], object]] = []
        self._close_listeners: list[Callable[[], object]] = []
        # Held while the list and its field change, never while AWS or a listener is waited for; reentrant,
        # as changing the field calls `_choose_id`.
        self._lock = RLock()
        self.choice = fields.choice("Album", [(_NONE, "")], "")
        self.new_name = fields.text("New album", "", "its name")
        self.create_button = fields.button("Create", self.create)
        self.refresh_button = fields.button("Refresh", self.look_again, hint="Look for albums and photos")
        self.cost_button = fields.button("Cost", self.show_cost, hint="What the album's photos cost on AWS")
        self.edit_button = fields.button(
            "Edit…", self.edit, hint="Rename, describe, sort or delete the album"
        )
        self.form = AlbumForm(self.save, self.delete, self.close_form)
        self.choice.observe(lambda change: self._choose_id(change["new"]), "value")
        self.new_name.on_enter(self.create)
        rows = (
            fields.row(self.choice, self.refresh_button, self.cost_button, self.edit_button),
            fields.row(self.new_name, self.create_button),
        )
        super().__init__(*(rows if chooses else ()), self.form)
        self._noted: dict[str, Album] = {}
        self._unwatch = workbench.albums.on_change(self._note)
        if user:
            self.refresh()

    def on_choose(self, listener: Callable[[Album], object]) -> None:
        """Call this with each album that is chosen, and again with one that is to be shown anew."""
        self._listeners.append(listener)

    def on_delete(self, listener: Callable[[Album], object]) -> None:
        """Call this with each album that was deleted here, or is found to be gone."""
        self._delete_listeners.append(listener)

    def on_close(self, listener: Callable[[], object]) -> None:
        """Call this when somebody closes the form."""
        self._close_listeners.append(listener)

    def show_user(self, user: str) -> None:
        """Show the albums of another user."""
        self.user, self.album = user, None
        self.refresh()

    def refresh(self) -> None:
        """Read the user's albums."""
        self.start(self._refresh, "Reading the albums...", after=True, key="refresh")

    def look_again(self) -> None:
        """Read the user's albums, and have listeners show the chosen one as it is now."""
        self.refresh()
        self.start(lambda _: self._show_again(), "", after=True)

    def _show_again(self) -> None:
        if album := self.album:
            for listener in self._listeners:
                listener(album)

    def create(self) -> None:
        """Make the album named in the field, and choose it."""
        name = self.new_name.value.strip()
        if not name or not self.user:
            self.say("Name the album first." if self.user else "Log in first.", Tone.ERROR)
        else:
            self.start(lambda _: self._create(name), f"Making the album {name}...", after=True)

    def show_cost(self) -> None:
        """Read the chosen album's records, and show what its photos cost on AWS."""
        if album := self._chosen():
            self.start(lambda _: self._show_cost(album), "Reading the album...", after=True)

    def edit(self) -> None:
        """Show the form for the chosen album."""
        if album := self._chosen():
            self.start(lambda _: self._edit(album), "", after=True)

    def save(self) -> None:
        """Store what the form says of its album. Listeners are told, as if it were chosen."""
        if album := self.form.album:
            self.start(lambda _: self._save(album), "Saving...", after=True)

    def delete(self) -> None:
        """Ask, and delete the form's album as it says."""
        if album := self.form.album:
            self.start(lambda control: self._delete(album, control), "Reading the album...", after=True)

    def close_form(self) -> None:
        """Change nothing more."""
        fields.set_visible(self.form, False)
        for listener in self._close_listeners:
            listener()

    def close(self) -> None:
        """Close the panel, and offer no more albums."""
        self._unwatch()
        super().close()

    def choose(self, album: Album) -> None:
        """Choose this album, which may be new. Listeners are called before this returns."""
        with self._lock:
            changed = album != self.album
            self.album = album
            self._offer({**self.albums, album.id: album})
        if changed:
            self.form.hide_unless(album)
            self._tell(album)

    def choose_by_name(self, name: str) -> Job[Album | None]:
        """Choose the user's album of this name (or ID), else the newest one that has photos.

        Nothing is made. The job returns which one that is, None if no album has photos.
        """
        return self.start(lambda _: self._choose_by_name(name), "Looking for photos...", after=True)

    def _choose_by_name(self, name: str) -> Album | None:
        found = next((one for one in self.albums.values() if name in (one.name, one.id)), None)
        if found:
            self.choose(found)
            return found
        filled = self.workbench.photos.where(album_id=list(self.albums)).facets("album_id")
        newest = max((self.albums[key] for key in filled if key), key=lambda one: one.created, default=None)
        if newest:
            self.choose(newest)
        instead = f"Showing {newest.name}, the newest album with photos" if newest else "All photos are shown"
        self.say(f"{instead}: {self.user} has no album {name}.", Tone.INFO)
        return newest

    def _note(self, album: Album) -> None:
        """Offer an album that was just made or renamed, wherever that was."""
        if album.user == self.user:
            with self._lock:
                self._noted[album.id] = album
                new = {} if album.id in self.albums else {album.id: album}  # the newest is first
                self._offer(new | self.albums | {album.id: album})

    def _refresh(self, cancellation: Cancellation) -> None:
        with self._lock:
            self._noted = {}
        found: dict[str, Album] = {}
        for album in self.workbench.albums.of(self.user):
            cancellation.check()
            found[album.id] = album
        gone = self._gone_unless_in(found)
        with self._lock:
            if gone and self.album == gone:
                self.album = None
            # An album that was chosen in the meantime may be too new to be listed.
            self._offer(found | ({self.album.id: self.album} if self.album else {}) | self._noted)
        many = "1 album" if len(self.albums) == 1 else f"{len(self.albums)} albums"
        said = f"{many} of {self.user}." if self.albums else f"{self.user} has no albums yet: make one."
        if not gone:
            self.say(said)
            return
        for listener in self._delete_listeners:
            listener(gone)
        self.say(f"The album {gone.name} is gone. {said}", Tone.WARNING)

    def _gone_unless_in(self, listed: dict[str, Album]) -> Album | None:
        """Return the album that is chosen if it is not there any more; the list may lack a new one."""
        chosen = self.album
        if chosen is None or chosen.id in listed:
            return None
        try:
            self.workbench.albums.current(chosen)
        except AlbumNotFoundError:
            return chosen
        return None

    def _create(self, name: str) -> Album:
        album = self.workbench.albums.get_or_create(name, self.user)
        there = album.id in self.albums
        self.choose(album)
        update(self.new_name, value="")
        if there:
            self.say(f"{self.user} has an album {album.name} already: this is it.")
        else:
            self.say(f"Made the album {album.name}.", Tone.SUCCESS)
        return album

    def _chosen(self) -> Album | None:
        """Return the chosen album; if there is none, say so."""
        if self.album is None:
            self.say("Choose an album first.", Tone.ERROR)
        return self.album

    def _edit(self, album: Album) -> None:
        now = self.workbench.albums.current(album)
        self.form.show(now, list(self.albums.values()))
        self.say("")

    def _save(self, album: Album) -> Album:
        saved = self.form.save(self.workbench, self.workbench.albums.current(album))
        self.choose(saved)
        self.say(f"Saved: {saved.name}.", Tone.SUCCESS)
        return saved

    def _delete(self, album: Album, control: JobControl) -> bool:
        def ask(text: str) -> bool:
            update(self.form.delete_button, disabled=True)
            try:
                return self.ask(self.form.question, text, control, "Delete the album")
            finally:
                update(self.form.delete_button, disabled=False)

        def told(done: int, total: int) -> None:
            control.check()
            self.say(f"Emptying {album.name}", Tone.RUNNING, done=done, total=total)

        album = self.workbench.albums.current(album)  # it may have been renamed
        deleted = self.form.delete(self.workbench, album, ask, told)
        if deleted:
            with self._lock:
                self.album = None if self.album and self.album.id == album.id else self.album
                self._offer({key: one for key, one in self.albums.items() if key != album.id})
            for listener in self._delete_listeners:
                listener(album)
        said = f"The album {album.name} is deleted." if deleted else "Nothing was deleted."
        self.say(said, Tone.SUCCESS if deleted else Tone.INFO, done=0, total=0)
        return deleted

    def _show_cost(self, album: Album) -> Estimate:
        found = self.workbench.cost(album=album)
        self.say(brief(found, local=self.workbench.target.is_local)[1], Tone.INFO)
        return found

    def _offer(self, albums: dict[str, Album]) -> None:
        self.albums = albums
        names = [album.name for album in albums.values()]
        # Two albums of one name are told apart by their IDs.
        options = [
            (album.name if names.count(album.name) == 1 else f"{album.name} ({album.id})", album.id)
            for album in albums.values()
        ]
        self.choice.options = [(_NONE, ""), *options]
        self.choice.value = self.album.id if self.album else ""

    def _choose_id(self, album_id: str) -> None:
        with self._lock:
            album = self.albums.get(album_id)
            if album is None or album == self.album:
                return
            self.album = album
        self.form.hide_unless(album)
        self._tell(album)

    def _tell(self, album: Album) -> None:
        self.say(album.description)
        for listener in self._listeners:
            listener(album)
