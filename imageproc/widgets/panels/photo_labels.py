"""Labels that are corrected in the viewer, and for selected photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from imageproc import Album, Cancellation, NotCorrected, Photo, Workbench
from imageproc.presentation.text import photos_text, printable
from imageproc.widgets.parts.photo_viewer import LabelEdit, LabelHandlers

Progress = Callable[[int], object]

_OFFERED = 500
_AT_ONCE = 100


class PhotoLabels:
    """Corrects labels of one photo that is shown; `changed` is told of it as it is then."""

    def __init__(
        self,
        workbench: Workbench,
        find: Callable[[str], Photo],
        changed: Callable[[Photo], object],
        user: Callable[[], str | None],
    ) -> None:
        """Find photos by ID, and correct in the name that `user` returns."""
        self._workbench, self._find, self._changed, self._user = workbench, find, changed, user

    @property
    def handlers(self) -> LabelHandlers:
        """What a viewer calls."""
        return LabelHandlers(self.correct, self.names)

    def correct(self, photo_id: str, edit: LabelEdit) -> str:
        """Do what is asked, and say it. Raises CorrectionError, PhotoNotFoundError, AwsError."""
        photo, by = self._find(photo_id), self._user()
        match edit.action:
            case "add":
                now = photo.add_label(edit.label, user=by)
                said = f"{_spelled(edit.label, now.tags)} added."
            case "remove":
                now = photo.remove_label(edit.label, user=by)
                said = f"{_spelled(edit.label, photo.tags)} removed."
            case "rename":
                now = photo.rename_label(edit.label, edit.to, user=by)
                gone = [tag for tag in photo.tags if tag not in (edit.label, *now.tags)]
                went = f" With it went {', '.join(gone)}." if gone else ""
                said = f"{edit.label} renamed to {edit.to}.{went}"
            case _:
                now = photo.undo_correction()
                said = _undone(photo.tags, now.tags)
        self._changed(now)
        return printable(said)

    def names(self) -> Sequence[str]:
        """Return the labels of all photos, the most frequent first. Raises CatalogError, AwsError."""
        return list(self._workbench.photos.where().tags())[:_OFFERED]


def _spelled(label: str, tags: Sequence[str]) -> str:
    """Return a label as the photo has it."""
    return next((tag for tag in tags if tag.casefold() == label.casefold()), label)


def _undone(before: Sequence[str], now: Sequence[str]) -> str:
    """Return what an undo has changed."""
    gone, back = [tag for tag in before if tag not in now], [tag for tag in now if tag not in before]
    changes = [f"{', '.join(gone)} removed"] if gone else []
    changes += [f"{', '.join(back)} there again"] if back else []
    return f"Undone: {', '.join(changes)}." if changes else "Undone."


def correct(
    workbench: Workbench,
    ids: Sequence[str],
    edit: LabelEdit,
    user: str | None,
    control: Cancellation,
    told: Progress,
) -> str:
    """Correct the labels of selected photos."""
    photos, done, same, refused = workbench.photos, 0, 0, list[str]()
    for start in range(0, len(ids), _AT_ONCE):
        control.check()
        some = list(photos.many(ids[start : start + _AT_ONCE]))
        match edit.action:
            case "add":
                outcomes = photos.add_label(some, edit.label, user=user)
            case "remove":
                outcomes = photos.remove_label(some, edit.label, user=user)
            case "rename":
                outcomes = photos.rename_label(some, edit.label, edit.to, user=user)
            case _:
                outcomes = photos.undo_corrections(some, edit.label or None)
        for one in outcomes:
            if isinstance(one, NotCorrected):
                refused.append(one.cause)
            else:
                done, same = done + (not one.unchanged), same + one.unchanged
            told(done + same + len(refused))
    return _said(edit, done, same, refused)


def set_hidden(workbench: Workbench, album: Album, edit: LabelEdit) -> str:
    """Hide a label in an album, or show it again."""
    hides = edit.action == "hide"
    change = workbench.albums.hide_label if hides else workbench.albums.show_label
    name, label = printable(change(album, edit.label).name, 60), printable(edit.label, 60)
    return f"{label} is hidden in {name}." if hides else f"{label} is shown in {name} again."


def _said(edit: LabelEdit, done: int, same: int, refused: Sequence[str]) -> str:
    label, to = printable(edit.label, 60), printable(edit.to, 60)
    verb = {
        "add": f"{label} added to",
        "remove": f"{label} removed from",
        "rename": f"{label} renamed to {to} in",
    }.get(edit.action, "Undone for")
    rest = f" {photos_text(same).capitalize()} unchanged." if same else ""
    causes = "; ".join(dict.fromkeys(map(printable, refused[:3])))
    return f"{verb} {photos_text(done)}.{rest}" + (f" {len(refused):,} not: {causes}" if refused else "")
