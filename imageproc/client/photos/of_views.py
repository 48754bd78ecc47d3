"""What is looked for at all photos and found at views of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imageproc.client.photos.view import PhotoView


class OfViews:
    """Says of what only views have where it is."""

    if not TYPE_CHECKING:  # a type checker knows what is there

        def __getattr__(self, name: str) -> Any:
            """Raise AttributeError, with the way by a view if that has it."""
            found = getattr(PhotoView, name, None) if not name.startswith("_") else None
            call = "()" if callable(found) else ""
            hint = f" A view has it: photos.where().{name}{call}." if found else ""
            raise AttributeError(
                f"{type(self).__name__} has no attribute {name!r}.{hint}", name=name, obj=self
            )
