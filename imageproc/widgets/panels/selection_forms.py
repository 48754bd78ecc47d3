"""What a gallery asks before it does something with selected photos: an album, a file, or whether really."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import ipywidgets

from imageproc import Album, Workbench, default_user
from imageproc.widgets.actor import Job, JobControl
from imageproc.widgets.panels import fields, photo_actions, photo_labels
from imageproc.widgets.panels.photo_actions import Form, Progress
from imageproc.widgets.panels.question import Question
from imageproc.widgets.parts.gallery import Gallery
from imageproc.widgets.parts.photo_viewer import LabelEdit
from imageproc.widgets.updates import update

Work = Callable[[Callable[[JobControl, Progress], str], str, int, str], Job[None]]
"""Has an action done: given the action, what is said meanwhile, how many photos there are, and what is said
before the first of them is done, if that is something else. Returns the job."""

_FILES = {
    Form.FOLDER: "photos",
    Form.ZIP: "photos.zip",
    Form.THUMBNAILS: "thumbnails.zip",
    Form.SHEET: "contact-sheet.html",
}
_EDITS = [
    ("Add a label", "add"),
    ("Remove a label", "remove"),
    ("Rename a label", "rename"),
    ("Undo the last correction", "undo"),
]
_OF_ALBUM = [("Hide a label in this album", "hide"), ("Show a hidden label again", "show")]
_TO_FILES = (photo_actions.SAVE.name, photo_actions.DOWNLOAD.name)
_TO_ALBUMS = (photo_actions.MOVE.name, photo_actions.COPY.name)


class SelectionForms(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """The forms of a gallery's actions, each made when it is first needed: a page is to be light."""

    def __init__(
        self,
        workbench: Workbench,
        album: Callable[[], Album | None],
        work: Work,
        ask: Callable[[Question, str, JobControl, str], bool],
        gallery: Gallery,
        user: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Ask about photos of this album, if there is one, and have `work` done.

        `ask` puts a question, whose answer yes is in the words given. `gallery` shows the photos, and has the
        browser save files. `user` is who corrects labels.
        """
        self._workbench, self._album, self._work, self._gallery = workbench, album, work, gallery
        self._ask, self._asking = ask, False
        self._forgetting: Job[None] | None = None
        self._user = user
        self._ids: Sequence[str] = ()
        self._action = ""
        self._rows: list[ipywidgets.Box] = []
        gallery.on_cancel(self.cancel)
        self.children: tuple[ipywidgets.Widget, ...]
        super().__init__()

    @cached_property
    def question(self) -> Question:
        """What is asked before photos are erased."""
        made = Question()
        self.children = (*self.children, made)
        return made

    @cached_property
    def _download_row(self) -> ipywidgets.Box:
        self.form = fields.choice("As", [(form.value, form) for form in Form], Form.FOLDER)
        self.file = fields.text("Folder", _FILES[Form.FOLDER], "its name")
        self.places = fields.check(
            "With places and maker's notes, as uploaded",
            "Otherwise places are left out, maker's notes and what else may tell them; the picture stays",
        )
        self.form.observe(lambda change: self._name_file(change["new"]), "value")
        self.file.on_enter(self.download)
        self.write_button = fields.button("Write", self.download)
        cancel = fields.button("Cancel", self.cancel)
        return self._made(fields.row(self.form, self.file, self.places, self.write_button, cancel))

    @cached_property
    def _album_row(self) -> ipywidgets.Box:
        self.album = fields.choice_or_text("To album", "choose one, or name a new one")
        self.put_button = fields.button("Move", self.put)
        self.album.on_enter(self.put)
        return self._made(fields.row(self.album, self.put_button, fields.button("Cancel", self.cancel)))

    def _made(self, row: ipywidgets.Box) -> ipywidgets.Box:
        fields.set_visible(row, False)
        self._rows.append(row)
        self.children = (*self.children, row)
        return row

    @cached_property
    def _label_row(self) -> ipywidgets.Box:
        self.edit = fields.choice("Do", _EDITS, "add")
        self.label = fields.choice_or_text("Label", "choose one, or write a new one")
        self.new_label = fields.choice_or_text("To", "its right name")
        self.edit.observe(lambda _: self._fit_labels(), "value")
        for field in (self.label, self.new_label):
            field.on_enter(self.correct)
        do = fields.button("Apply", self.correct)
        cancel = fields.button("Cancel", self.cancel)
        return self._made(fields.row(self.edit, self.label, self.new_label, do, cancel))

    def act(self, action: str, ids: Sequence[str]) -> None:
        """Ask what an action needs to know of these photos, or have it done if that is nothing."""
        if self._asking:
            return
        self.hide()
        self._action, self._ids = action, ids
        if action in _TO_FILES:
            self._offer_forms()
        elif action in _TO_ALBUMS:
            self._offer_albums()
        elif action == photo_actions.LABEL.name:
            self._offer_labels()
        elif action == photo_actions.COVER.name:
            self._start(lambda *_: photo_actions.use_as_cover(self._workbench, ids), "Setting the cover")
        elif action == photo_actions.FORGET.name:
            if self._forgetting and not self._forgetting.done:
                return  # pressed again before it asked
            self._forgetting = self._start(
                lambda control, told: self._forget(control, told, ids),
                "Forgetting photos",
                photo_actions.READING,
            )
        else:
            self._start(
                lambda control, told: photo_actions.restart(self._workbench, ids, action, control, told),
                "Starting the processing",
            )

    def hide(self) -> None:
        """Ask nothing."""
        for row in self._rows:
            fields.set_visible(row, False)

    def cancel(self) -> None:
        """Ask nothing, and do nothing of what was asked; the photos have the focus again."""
        if self._asking:
            self.question.cancel()
        self.hide()
        self._gallery.focus()

    def download(self) -> None:
        """Write the photos as the form says."""
        # Whoever looks can press any button, also a hidden one: only what was offered is done.
        if self._action not in _TO_FILES:
            return
        ids, form, file, places = self._ids, self.form.value, self.file.value.strip(), self.places.value
        if not (file and ids):
            return
        self.hide()
        wanted = photo_actions.Wanted(form, _with_suffix(file, form), places, self._album())
        bench, save = self._workbench, self._gallery.save
        if self._action == photo_actions.SAVE.name:
            self._start(
                lambda control, told: photo_actions.save(bench, ids, wanted, save, control, told), "Packing"
            )
        else:
            self._start(
                lambda control, told: photo_actions.download(bench, ids, wanted, control, told), "Writing"
            )

    def put(self) -> None:
        """Move or copy the photos to the album in the field, which is made if need be."""
        ids, action = self._ids, self._action
        if action not in _TO_ALBUMS:
            return
        if ids and (name := self.album.value.strip()):
            self.hide()
            owner = self._owner
            self._start(
                lambda control, told: photo_actions.put(
                    self._workbench, ids, action, (name, owner), control, told
                ),
                "Moving photos" if action == photo_actions.MOVE.name else "Copying photos",
            )

    def correct(self) -> None:
        """Correct a label of the photos as the form says."""
        edit = LabelEdit(self.edit.value, self.label.value.strip(), self.new_label.value.strip())
        complete = edit.action == "undo" or (edit.label and (edit.action != "rename" or edit.to))
        if complete and self._ids and self._action == photo_actions.LABEL.name:
            self.hide()
            bench, ids, user, album = self._workbench, self._ids, self._user(), self._album()
            if album and edit.action in ("hide", "show"):
                self._start(lambda *_: photo_labels.set_hidden(bench, album, edit), "Changing the album")
                return
            self._start(
                lambda control, told: photo_labels.correct(bench, ids, edit, user, control, told),
                "Correcting labels",
            )
            self._ids = ()  # pressed twice, it undoes once

    def _offer_labels(self) -> None:
        """Show the form; the labels' names follow as soon as they are read."""
        row = self._label_row
        self.edit.options = [*_EDITS, *(_OF_ALBUM if self._album() else ())]
        self.edit.value, self.label.value, self.new_label.value = "add", "", ""  # before somebody types there
        self._fit_labels()
        self._show(row, self.label)

        def read(*_: object) -> str:
            names = tuple(self._workbench.photos.where().tags())
            for field in (self.label, self.new_label):
                update(field, options=names)
            return ""

        self._work(read, "", 0, "")

    def _fit_labels(self) -> None:
        fields.set_visible(self.new_label, self.edit.value == "rename")

    def _offer_albums(self) -> None:
        """Show the form; the albums' names follow as soon as they are read."""
        moves, row = self._action == photo_actions.MOVE.name, self._album_row
        self.put_button.description = "Move" if moves else "Copy"
        self.album.value = ""  # at once: later it would wipe out what is typed
        self._show(row, self.album)
        here = self._album()

        def read(*_: object) -> str:
            found = self._workbench.albums.of(self._owner)
            update(self.album, options=tuple(one.name for one in found if here is None or one.id != here.id))
            return ""

        self._work(read, "", 0, "")

    def _forget(self, control: JobControl, told: Progress, ids: Sequence[str]) -> str:
        def ask(text: str, yes: str) -> bool:
            self._set_asking(True)
            try:
                return self._ask(self.question, text, control, yes)
            finally:
                self._set_asking(False)
                self._gallery.focus()

        return photo_actions.forget(self._workbench, ids, ask, told)

    def _set_asking(self, asking: bool) -> None:
        """Have nothing else done with the selected photos while a question is open."""
        self._asking = asking
        update(self._gallery, asking=asking)
        self.hide()

    def _start(self, action: Callable[[JobControl, Progress], str], doing: str, first: str = "") -> Job[None]:
        return self._work(action, doing, len(self._ids), first)

    def _offer_forms(self) -> None:
        """Show the form; what a browser saves is one file."""
        row, here = self._download_row, self._action == photo_actions.DOWNLOAD.name
        self.write_button.description = "Write" if here else "Download"
        forms = [form for form in Form if form is not Form.FOLDER or here]
        self.form.options = [(form.value, form) for form in forms]
        self.form.value = forms[0]
        self._name_file(forms[0])
        self._show(row, self.form)

    def _show(self, row: ipywidgets.Box, first: ipywidgets.DOMWidget) -> None:
        fields.set_visible(row, True)
        first.focus()

    def _name_file(self, form: Form | None) -> None:
        if form is None:
            return  # while the options change
        label = "Folder" if form is Form.FOLDER else "File"
        update(self.file, description=label, value=_FILES[form])

    @property
    def _owner(self) -> str:
        album = self._album()
        return album.user if album else default_user()


def _with_suffix(file: str, form: Form) -> str:
    """Return a name with the suffix by which the file is opened; in a named folder, the usual name."""
    usual = _FILES[form]
    if file.endswith("/"):
        return file + usual if form is not Form.FOLDER else file
    suffix = Path(usual).suffix
    return file if file.lower().endswith(suffix) else f"{file}{suffix}"
