"""Photos looked through: searched, sorted, selected, opened, and all of them on a map."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from functools import cached_property
from threading import Event
from typing import Any

import traitlets

from imageproc import Album, Photo, PhotoView, Workbench
from imageproc.client.albums import AlbumLike
from imageproc.client.photos.search import Search, parse
from imageproc.errors import ImageprocError, WorkbenchError
from imageproc.widgets.actor import Job, JobControl
from imageproc.widgets.panels import photo_actions, photo_views
from imageproc.widgets.panels.duplicates_panel import GalleryDuplicates
from imageproc.widgets.panels.photo_details import DetailedPanel
from imageproc.widgets.panels.photo_pictures import PhotoPictures
from imageproc.widgets.panels.photo_search import HELP, NOT_FOUND, PLACEHOLDER, Searched, SearchHelp
from imageproc.widgets.panels.selection_forms import SelectionForms
from imageproc.widgets.panels.shown_photos import (
    Counts,
    ShownPhotos,
    is_dated,
    offered_orders,
    own_order,
    sorted_python,
    sorted_view,
)
from imageproc.widgets.panels.static_gallery import gallery_results, static_gallery
from imageproc.widgets.parts.gallery import Action, Card, Gallery, GallerySource, Layout
from imageproc.widgets.parts.photo_map import Box
from imageproc.widgets.parts.search_bar import SearchBar, SearchHandlers, plain_facets
from imageproc.widgets.snapshot import in_jupyterlab
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_NO_PHOTOS = "No photos here yet. Upload some in 2. Upload and follow, then run this cell again."
_ON_THE_WAY = "Photos are on their way. They appear here as soon as they are processed."
_PAINTED_S = 0.5
"""How long a browser may take for the first photos before the table is asked."""
_PATIENCE_S = 1.0
"""How long photos are read before that is said: most are there sooner."""


class GalleryPanel(DetailedPanel):
    """The photos of an album or a view. `view` is what is shown, `selected` what was selected of it."""

    selected_ids: Any = traitlets.List()
    """The IDs of those that were selected: a trait, which can be observed."""

    def __init__(
        self,
        workbench: Workbench,
        album: AlbumLike | None = None,
        *,
        view: PhotoView | None = None,
        later: bool = False,
        actions: Iterable[Action] = photo_actions.ACTIONS,
        invitation: tuple[str, str] | None = None,
        show_run: Callable[[str], object] | None = None,
        user: Callable[[], str | None] = lambda: None,
        expects: Callable[[Album], bool] = lambda _: False,
    ) -> None:
        """Show an album, a view, or all photos; with `later` nothing until `show` is called.

        `actions` are those of `photo_actions` that are offered for selected photos: leave DOWNLOAD away where
        who looks may not write on the kernel's machine. `invitation` is said where there are no photos, its
        second text on a button that chooses files. `show_run` shows the execution of a photo by ID; without
        it, that is shown below the photos. `user` returns who corrects labels, None for `default_user()`.
        `expects` returns whether photos are on their way to an album, which has no invitation meanwhile.
        """
        self._workbench = workbench
        self._invitation = invitation
        self._show_run = show_run
        self._painted, self._is_painted_soon = Event(), in_jupyterlab()
        self.album = album = None if album is None else workbench.albums.get(album)
        self._base: PhotoView | None = None
        self._search, self._order = Search(), own_order(album if view is None else None)
        self._shown: ShownPhotos | None = None
        self.searched: Searched | None = None
        self._known: Searched | None = None
        self._shown_source: Album | PhotoView | None = None
        self._of: int | None = None
        self._wanted = ""
        self._facets_open = False
        self._user, self._expects = user, expects
        self._pictures = PhotoPictures(workbench, self._photo, self._find_photo)
        self._make_parts(actions, loading=not later)
        super().__init__(self.search_bar, self.forms, below=[self.gallery])
        if not later:
            self.show(view if view is not None else album or workbench.photos.where())

    def _make_parts(self, actions: Iterable[Action], *, loading: bool) -> None:
        handlers = SearchHandlers(
            search=lambda text: self._start_search(text),
            remove=lambda number: self._start_search(str(self._search.without(number))),
            sort=self.sort,
            open_facets=self._open_facets,
            suggest=lambda text, at: self.searched.help.suggestions(text, at) if self.searched else (),
            copy=self.python,
        )
        # With what `show` is about to set: each change of a widget is a message more before the first photo.
        orders = offered_orders(self._order)
        self.search_bar = SearchBar(
            handlers, help=HELP, placeholder=PLACEHOLDER, orders=orders, order=self._order
        )
        source = GallerySource(self._cards, self._pictures.address, self._pictures.thumbnail)
        self.gallery = Gallery(
            source,
            actions=actions,
            loading=loading,
            on_open=self.open_photo,
            on_select=self._note_selection,
            on_action=self._act,
            on_painted=self._note_painted,
        )
        bench = self._workbench
        self.forms = SelectionForms(bench, lambda: self.album, self._work, self.ask, self.gallery, self._user)

    @cached_property
    def duplicates(self) -> GalleryDuplicates:
        """The duplicates among selected photos."""
        made = GalleryDuplicates(self._workbench, self.refresh)
        self.forms.children = (*self.forms.children, made)
        return made

    @property
    def view(self) -> PhotoView:
        """The photos that are shown, in order; none before something is."""
        return self._shown.view if self._shown else self._workbench.photos.where(id=[])

    @property
    def selected(self) -> PhotoView:
        """The photos that were selected, in the order in which they are shown."""
        if self._shown and len(self.selected_ids) == self._shown.total:
            return self.view
        return self.view.where(id=self.selected_ids)

    def select(self, ids: Iterable[str]) -> None:
        """Select those of these photos that are shown, and scroll to the first of them."""
        if self._shown:
            ranges = self._shown.ranges(ids)
            self.gallery.select(ranges)
            self._note_selection()
            if ranges:
                self.gallery.reveal(ranges[0][0])

    def show(self, what: Album | PhotoView, *, order: str = "") -> Job[None]:
        """Show another album or view, in its order or one of `shown_photos.ORDERS`, without a search.

        An album that is shown already, and that was changed, keeps its search unless an order is given.
        """
        if isinstance(what, Album) and not order and self._is_same(what):
            self.album = what
            return self.refresh()
        self.album = what if isinstance(what, Album) else None
        self._order = order or own_order(self.album)
        self._base = None if isinstance(what, Album) else what
        self._search, self.selected_ids, self.searched, self._of, self._outcome = Search(), [], None, None, ""
        self._close_details()
        self._hide_forms()
        orders = offered_orders(self._order)
        update(self.search_bar, text="", problem="", summary="", orders=orders, order=self._order)
        update(self.gallery, loading=True)
        return self._start_load("Reading photos")

    def _is_same(self, album: Album) -> bool:
        shown = self.album if self._base is None else None
        return shown is not None and shown.id == album.id and shown.sort_order == album.sort_order

    def refresh(self) -> Job[None]:
        """Read again what is shown; what was selected stays so."""
        self._pictures.forget()
        self.searched = None
        return self._start_load()

    def add(self, photo: Photo) -> None:
        """Show a photo of this album that has just changed."""
        if self._source is not None and (self.album is None or photo.album_id == self.album.id):
            self.refresh()

    def invite(self) -> None:
        """Say why there are no photos: it is another reason as soon as some are under way."""
        empty, invitation = "", ""
        if self._of:
            empty = self.searched.help.not_found(self._search) if self.searched else NOT_FOUND
        elif self._of is not None:
            empty, invitation = (_ON_THE_WAY, "") if self._is_expecting else self._invited()
        update(self.gallery, empty=empty, invitation=invitation)

    def _invited(self) -> tuple[str, str]:
        if self._invitation or self._base is None or self._base.is_whole:
            return self._invitation or (_NO_PHOTOS, "")
        return f"No photo is like this: {self._base.written}", ""

    def search(self, text: str) -> Job[None]:
        """Show those that a line of text asks for; see `imageproc.client.photos.search`.

        The job raises QueryError for what cannot be read; what was shown stays.
        """
        return self.start(lambda _: self._find(text), "", after=True)

    def sort(self, order: str) -> Job[None]:
        """Sort by one of the names in `shown_photos.ORDERS`."""
        self._order = order
        update(self.search_bar, order=order)
        return self._start_load()

    def python(self) -> str:
        """Return the Python that makes the view; `view` stands for one that was given."""
        base = f"workbench.photos.where(album={self.album.id!r})" if self.album else "view"
        found = self._search.python("workbench.photos", base)
        return sorted_python(found, self._order)

    def results(self) -> dict[str, Any]:
        """Return what is shown, as plain data for `record`: names of a thousand photos at most."""
        return gallery_results(self.album, str(self._search), self._shown)

    def static(self) -> list[Any]:
        """Return a contact sheet of the first photos, the map and a table. Reads the thumbnails."""
        said = self.search_bar.summary, self.gallery.empty
        return static_gallery(self._shown, self._pictures.frame, *said, self.album)

    # What is shown

    def _start_load(self, doing: str = "") -> Job[None]:
        key = ("load", id(self._source))
        return self.start(lambda _: self._load(), doing, after=True, key=key, patience_s=_PATIENCE_S)

    @property
    def _source(self) -> Album | PhotoView | None:
        """What is searched."""
        return self._base if self._base is not None else self.album

    def _load(self) -> None:
        """Read what is to be shown as it is now. Raises QueryError, AwsError."""
        if self._source is not self._shown_source:
            self._painted.clear()
            self._known = self._show_known(self._search)
            is_known = self._source is self._shown_source and self._shown and self._shown.ids
            if self._is_painted_soon and is_known:
                self._painted.wait(_PAINTED_S)  # what else there is to read would delay it
        self._show(self._search)

    def _show_known(self, search: Search) -> Searched | None:
        """Show what the catalog has, and return it; the table is asked after this, or did not answer."""
        with contextlib.suppress(ImageprocError), self._workbench.catalog.unsynced():
            self._show(search, as_known=True)  # what is not known yet is an error
        if self._of == 0:
            self._of = None  # not known
            self.invite()
        known, self.searched = self.searched, None
        return known

    def _note_painted(self) -> None:
        self._painted.set()
        if not self._under_way.is_shown:
            self.start(lambda _: self._go_on(), "", after=True)  # there is time now

    def _find(self, text: str) -> None:
        """Search, and say below the field what is wrong with the text; what was shown stays."""
        problem = ""
        try:
            self._show(parse(text))
        except WorkbenchError as error:
            problem = str(error)
            raise
        except ImageprocError:
            self._show_known(parse(text))  # for want of better
            raise
        finally:
            update(self.search_bar, text=text, problem=problem)

    def _start_search(self, text: str) -> None:
        """Search what was typed; while a search runs, the last text counts."""
        self._wanted, self._outcome = text, ""

        def find(_: JobControl) -> None:
            with contextlib.suppress(WorkbenchError):  # it is said below the field
                self._find(self._wanted)

        self.start(find, "", after=True, key="search")

    def _show(self, search: Search, *, as_known: bool = False) -> None:
        source, order, known, self._known = self._source, self._order, self._known, None
        if source is None:
            return
        try:
            read = Searched.known if as_known else Searched.read
            searched = self.searched or read(self._workbench, source)
            if searched == known and self._shown:  # it is shown
                self.searched = searched
                self._note_current(searched)
                return
            search = search.understood(searched.view)
            shown = ShownPhotos(sorted_view(search.apply(searched.view), order), dated=is_dated(order))
            of = shown.total if not search.terms else max(shown.total, searched.view.count())
        except ImageprocError:
            self._keep_nothing_else(source)
            raise
        finally:
            if source is self._source and not as_known:
                update(self.gallery, loading=False)
        if source is not self._source or (as_known and not of):
            return  # something else was opened, and its job follows; or nothing is known yet
        self._search, self._shown, self.searched = search, shown, searched
        self.selected_ids = shown.chosen(shown.ranges(self.selected_ids))
        self._shown_source, self._of = source, of
        self._show_parts(shown, of)
        if not as_known:
            self._note_current(searched)

    def _keep_nothing_else(self, source: Album | PhotoView) -> None:
        """Show no photos of what was open before, nor that there are none, where nothing could be read."""
        if source is self._source and source is not self._shown_source:
            self._shown, self._of, self.selected_ids = None, None, []
            self.gallery.show(Layout())
            self.invite()
            update(self.search_bar, summary="")
            self._show_places()

    def _show_parts(self, shown: ShownPhotos, of: int) -> None:
        counts = Counts(shown.total, of, len(shown.places), self._is_expecting)
        self.gallery.show(shown.layout, shown.ranges(self.selected_ids))
        update(self.search_bar, summary=str(counts), chips=[term.shown for term in self._search.terms])
        update(self.search_bar, facets=self._facets())
        self.invite()
        self._renew_photo()

    def _open_facets(self, is_open: bool) -> None:
        self._facets_open = is_open
        self.start(lambda _: update(self.search_bar, facets=self._facets()), "", after=True)

    def _facets(self) -> list[dict[str, Any]]:
        shown = self._shown if self._facets_open else None
        return plain_facets(SearchHelp(shown.view).facets()) if shown else []

    # What is selected

    def _note_selection(self) -> None:
        if self._shown:
            self.selected_ids = self._shown.chosen(self.gallery.selection)

    def _choose(self, numbers: list[int]) -> None:
        """Select photos that were chosen on the map, and scroll to the first."""
        ids = self._shown.ids if self._shown else []
        self.select(ids[number] for number in numbers if number < len(ids))

    def _search_within(self, box: Box) -> None:
        self._start_search(self._search.text_within(box))

    def _act(self, action: str) -> None:
        ids, self._outcome = list(self.selected_ids), ""
        if not self.busy:
            self.say("")
        if action == photo_actions.COPY_IDS.name:
            self.gallery.copy("\n".join(ids), f"Copied {len(ids):,} IDs.")
        elif action == photo_actions.DUPLICATES.name:
            self._hide_forms()
            self.duplicates.show(self.selected)
        else:
            self.forms.act(action, ids)

    def _hide_forms(self) -> None:
        self.forms.hide()
        if "duplicates" in vars(self):  # they were asked for
            self.duplicates.hide()

    def _work(
        self, action: Callable[[JobControl, photo_actions.Progress], str], doing: str, total: int, first: str
    ) -> Job[None]:
        def work(control: JobControl) -> None:
            said = action(control, lambda done: self.say(doing, Tone.RUNNING, done=done, total=total))
            if not said:
                return
            self.searched = None
            self._outcome = said
            self._load()

        return self.start(work, first or doing, after=True)

    # What parts ask for

    def _cards(self, first: int, end: int) -> list[Card]:
        found = self._shown.between(first, end) if self._shown else []
        asked = self._shown.view.selection.labels if self._shown else []
        return [photo_views.card(photo, asked) if photo else photo_views.GONE for photo in found]

    def _corrected(self, photo: Photo) -> None:
        """Show a photo whose labels were corrected as it is now; what was searched for stays."""
        shown, self.searched = self._shown, None
        if shown and (number := shown.number(photo.id)) is not None:
            shown.put(photo)
            if self._opened == photo.id and self.viewer.photo:
                self.open_photo(number)
            self.gallery.show(shown.layout, shown.ranges(self.selected_ids))
