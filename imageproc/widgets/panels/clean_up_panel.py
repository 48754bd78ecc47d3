"""Cleaning up: what would be removed, confirmed by typing the stack's name; progress; what is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ipywidgets

from imageproc import Cancellation, Workbench
from imageproc.client.stack import others_text
from imageproc.client.target import local_aws
from imageproc.deployment import Emptied, Event, Inventory, Removed, StackEvent, Swept
from imageproc.errors import WorkbenchError
from imageproc.presentation.text import number_text
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.deploy_panel import event_row
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.parts.data_table import Cell, DataTable
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update


class CleanUpPanel(Panel):
    """Removes a workbench's stack and everything that belongs to it, once its name is typed."""

    def __init__(self, workbench: Workbench) -> None:
        """Remove this stack; nothing is read before `look`."""
        self.workbench = workbench
        self.found: Inventory | None = None
        self.swept: Swept | None = None
        self.contents = DataTable(("What", "Name", "Holds"), caption="What would be removed")
        self.events = DataTable(
            ("Time", "Status", "What", "Reason"), empty="Nothing was removed yet.", follow=True
        )
        self.delete_data = ipywidgets.Checkbox(
            description="Also remove data that is kept (DataRetention=Retain, or of earlier stacks)",
            indent=False,
            layout=ipywidgets.Layout(width="auto"),
        )
        self.confirmation = fields.text("Type the stack's name to confirm", "", workbench.stack.name)
        self.look_button = fields.button("Refresh", self.look)
        self.remove_button = fields.button("Remove all this", self.remove, "danger")
        self.stop_local_button = fields.button("Stop the local AWS", self.stop_local)
        self._lines: list[tuple[Any, ...]] = []
        self.confirmation.observe(lambda _: self._arrange(), "value")
        self.delete_data.observe(lambda _: self._show(), "value")
        super().__init__(
            self.contents,
            self.delete_data,
            fields.row(self.confirmation, self.remove_button, self.look_button),
            below=[self.events, fields.row(self.stop_local_button)],
        )
        fields.set_visible(self.stop_local_button, workbench.target.is_local)
        self._arrange()

    def look(self) -> None:
        """Read what there is to remove."""
        self.start_if_idle(self._look, "Reading what belongs to the stack...")

    def remove(self) -> None:
        """Remove it, if the stack's name was typed."""
        if not self._confirmed:
            self.say("That is not the name of the stack: nothing is removed.", Tone.ERROR)
        else:
            self.start_if_idle(self._remove, "Removing...")

    def confirm(self, stack_name: str) -> None:
        """Remove it as if this name were typed. Raises WorkbenchError if it is not the stack's name."""
        if stack_name != self.workbench.stack.name:
            raise WorkbenchError(
                f"{stack_name!r} is not the stack's name, {self.workbench.stack.name!r}: nothing was removed."
            )
        self.confirmation.value = stack_name
        self.remove()

    def stop_local(self) -> None:
        """Stop the local AWS. What is deployed there is kept until it starts again."""
        self.start_if_idle(self._stop_local, "Stopping the local AWS...")

    @property
    def _confirmed(self) -> bool:
        return bool(self.confirmation.value.strip() == self.workbench.stack.name)

    @property
    def _delete_data(self) -> bool | None:
        return True if self.delete_data.value else None

    def _arrange(self) -> None:
        self.remove_button.disabled = not self._confirmed

    def _look(self, _: Cancellation) -> Inventory:
        self.found = self.workbench.stack.inventory()
        self._show()
        return self.found

    def _show(self) -> None:
        if self.found is None:
            return
        about = "" if self.workbench.target.is_local else "about "
        gone = list(_rows(self.found, self._delete_data, about))
        kept = self.found.kept(delete_data=self._delete_data)
        rows = [*gone, *((Cell("kept", Tone.WARNING), Cell("", code=name), "") for name in kept)]
        stack, target = self.workbench.stack.name, self.workbench.target
        self.contents.show(rows, empty=f"Nothing: nothing belongs to the stack {stack} in {target}.")
        self.say(
            f"{len(gone)} things would be removed from {target}." if gone else "There is nothing to remove.",
            Tone.WARNING if gone else Tone.SUCCESS,
        )

    def _remove(self, cancellation: Cancellation) -> Swept:
        swept = Swept(self.workbench.stack.name)
        self.events.show(self._lines, empty="Nothing is removed yet: the removal has just begun.")
        for event in self.workbench.destroy(delete_data=self._delete_data, cancellation=cancellation):
            self._tell(event)
            if isinstance(event, Swept):
                swept = event
        self.swept = swept
        self._look(cancellation)
        kept = f" Kept: {', '.join(swept.kept)}." if swept.kept else ""
        left = ", ".join(swept.left) or "nothing"
        said = f"The stack {swept.stack} is removed. Looked again: {left} is left.{kept}"
        self.say(f"{said} {others_text(self.workbench.stack)}".rstrip(), Tone.SUCCESS)
        update(self.confirmation, value="")
        return swept

    def _tell(self, event: Event) -> None:
        if isinstance(event, Emptied):
            self.say(f"Emptying {event.bucket}: {event.removed:,} removed", Tone.RUNNING)
            return
        if isinstance(event, StackEvent):
            self.say(f"Removing: {event.logical_id} {event.status}", Tone.RUNNING)
        removed = (
            ("", Cell("Removed", Tone.SUCCESS), Cell("", code=event.name), event.kind)
            if isinstance(event, Removed)
            else None
        )
        self._lines += [line for line in [removed or event_row(event)] if line]
        self.events.show(self._lines)

    def _stop_local(self, _: Cancellation) -> None:
        local_aws().stop()
        self.say("The local AWS is stopped.", Tone.SUCCESS)

    def results(self) -> dict[str, Any]:
        """Return what was removed and what is left, for a test or another program."""
        return {
            "stack": self.workbench.stack.name,
            "left": list(self.swept.left) if self.swept else None,
            "kept": list(self.swept.kept) if self.swept else None,
            "inventory": list(self.found.names()) if self.found else None,
        }


def _rows(found: Inventory, delete_data: bool | None, about: str) -> Iterator[tuple[str, Cell, str]]:
    """Yield what would be removed: what it is, its name, what it holds.

    `about` is said before a table's items: AWS counts them every six hours.
    """
    data = found.removed_data(delete_data=delete_data)
    held = {
        one.name: f"{number_text(one.versions, 'version')} of {number_text(one.objects, 'object')}"
        for one in data.buckets
    }
    held |= {one.name: about + number_text(one.items, "item") if one.items else "" for one in data.tables}
    for line in found.names(delete_data=delete_data):
        if line.startswith("stack "):
            what, name, status = line.split(" ", 2)
            held[name] = status.strip("()")
        else:
            what, name = line.rsplit(" ", 1)
        yield what, Cell("", code=name), held.get(name, "")
