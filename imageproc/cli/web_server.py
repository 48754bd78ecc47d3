"""The web app's server: Voilà, of which only log-in and public files answer without the token.

`python -m imageproc.cli.web_server NOTEBOOK`, with the settings that `imageproc.cli.web_app` writes.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule
from tornado.web import ErrorHandler, HTTPError, StaticFileHandler
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler
from voila.static_file_handler import (
    AllowListFileHandler,
    MultiStaticFileHandler,
    TemplateStaticFileHandler,
)
from voila.tornado.handler import TornadoVoilaHandler
from voila.voila_identity_provider import VoilaLoginHandler

from imageproc.cli.web_login import LoginPage


class WebServer(Voila):  # type: ignore[misc]
    """Voilà for one notebook, without what it answers to strangers and asks of them."""

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the settings. The notebook has no outputs, so that none is trusted is no warning."""
        super().initialize(argv)
        self.log.addFilter(lambda record: "is not trusted" not in record.getMessage())

    def setup_template_dirs(self) -> None:
        """Have this package's templates go before Voilà's."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(files("imageproc.cli").joinpath("templates")))

    def init_settings(self) -> dict[str, Any]:
        """Return the settings. Pages of errors come from these templates: the server's need other files."""
        settings = dict(super().init_settings())
        return {**settings, "jinja2_env": settings["voila_jinja2_env"]}

    def init_handlers(self) -> list[Any]:
        """Return Voilà's handlers, the first of them the one that takes the token out of addresses.

        Kernels' query strings and pictures beside the notebook, for which Voilà asks for no log-in, are not
        there. Voilà's own files are public, and their requests' Host and Origin are checked. Who comes
        without the token is asked for it.
        """
        handlers = [
            (path, ErrorHandler, _NOT_FOUND) if kind in _CLOSED else (path, _CHECKED.get(kind, kind), *rest)
            for path, kind, *rest in super().init_handlers()
        ]
        return [Rule(_WithToken(), _Entrance), *handlers]


class _WithToken(Matcher):
    """Matches addresses that hold a token."""

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        return {} if "token" in request.query_arguments else None


class _Entrance(JupyterHandler):
    """Exchanges the token for the cookie of the log-in, so that no history, kernel or Referer gets it."""

    async def get(self) -> None:
        query = urlencode([(name, value) for name, value in parse_qsl(self.request.query) if name != "token"])
        self.redirect("/" + self.request.path.lstrip("/\\") + (f"?{query}" if query else ""))


class _Public(JupyterHandler, StaticFileHandler):
    """Files that may be read without log-in; an address that leads out of their folder is not found."""

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        try:
            await super().get(path, include_body)
        except (AssertionError, ValueError, HTTPError) as error:
            raise HTTPError(404) from error


class _TemplateFiles(_Public, TemplateStaticFileHandler):  # type: ignore[misc]
    pass


class _StaticFiles(_Public, MultiStaticFileHandler):  # type: ignore[misc]
    pass


class _PhotosPage(TornadoVoilaHandler):  # type: ignore[misc]
    """The page. Kernels that died while they waited for a visitor are not handed to one."""

    async def get_generator(self, path: str | None = None) -> AsyncIterator[str]:
        """Yield the page, part by part, from a kernel that lives, which is started if there is none."""
        _ = self.xsrf_token  # sets the cookie with which the page ends its kernel when it is left
        notebook, kernels = self.notebook_path, self.kernel_manager
        for kernel in list(kernels.notebook_data.get(notebook, {}).get("kernel_ids", ())):
            if kernel not in kernels or not await kernels.get_kernel(kernel).is_alive():
                with contextlib.suppress(HTTPError):  # its death may have been noticed
                    await kernels.shutdown_kernel(kernel, now=True)  # which takes it out of the pool
        kernels.fill_if_needed(delay=0, notebook_name=notebook)
        async for part in super().get_generator(path):
            yield part


_CHECKED = {
    TornadoVoilaHandler: _PhotosPage,
    TemplateStaticFileHandler: _TemplateFiles,
    MultiStaticFileHandler: _StaticFiles,
    VoilaLoginHandler: LoginPage,
}
_CLOSED = (RequestInfoSocketHandler, AllowListFileHandler)
_NOT_FOUND = {"status_code": 404}

if __name__ == "__main__":
    WebServer.launch_instance()
