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
        super().__init__()

    def show(self, photo_id: str) -> None:
        """Show the execution of this photo, live."""
        if self.follow is None:
            self.follow = FollowPanel(self._workbench)
        self.children = [fields.button("✕ Close the run", self.hide), self.follow]
        self.follow.show(photo_id)

    def hide(self) -> None:
        """Show nothing more."""
        self.children = []

    def close(self) -> None:
        """Close the follow panel, too."""
        if self.follow:
            self.follow.close()
        super().close()
