"""The execution of a photo that was opened: there is nothing to see before it is asked for."""

from __future__ import annotations

import ipywidgets

from imageproc import Workbench
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.follow_panel import FollowPanel


class PhotoRun(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets has no types
    """Shows executions of photos by their IDs, in a follow panel that is made with the first."""

    def __init__(self, workbench: Workbench) -> None:
        """Show nothing yet."""
        self._workbench = workbench
        self.follow: FollowPanel | None = None
        self.close_button = fields.button("✕ Close the run", self.hide)
        self.close_button.layout.align_self = "flex-start"  # no wider than its words
        fields.set_visible(self.close_button, False)
        super().__init__([self.close_button])

    def show(self, photo_id: str) -> None:
        """Show the execution of this photo, live."""
        if self.follow is None:
            self.follow = FollowPanel(self._workbench)
        self.children = [self.close_button, self.follow]
        fields.set_visible(self.close_button, True)
        self.follow.show(photo_id)
        self.close_button.focus()  # a browser scrolls there: it may be far below the photos

    def hide(self) -> None:
        """Show nothing more."""
        fields.set_visible(self.close_button, False)
        self.children = [self.close_button]

    def close(self) -> None:
        """Close the follow panel, too."""
        if self.follow:
            self.follow.close()
        super().close()
