"""Who may talk to JupyterLab and to the web app: whoever has the token, from a page of theirs alone."""

from __future__ import annotations

from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth.identity import PasswordIdentityProvider, User
from tornado.web import HTTPError


class OwnOriginProvider(PasswordIdentityProvider):
    """Jupyter's own log-in, which also refuses requests of pages of another origin that know the token."""

    def should_check_origin(self, _: Any) -> bool:
        """Check the origin of every request: Jupyter itself lets a token pass."""
        return True

    async def get_user(self, handler: Any) -> User | None:
        """Return who asks, or None. Raises HTTPError for another origin."""
        if not handler.check_origin():
            handler.current_user = handler._jupyter_current_user = None  # noqa: SLF001 - for the error's page
            raise HTTPError(403, "Another origin's pages are refused.")
        return await ensure_async(super().get_user(handler))
