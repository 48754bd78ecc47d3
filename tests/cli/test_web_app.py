"""The web app's doors: without its token, from another origin, or as another user there is nothing."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import click
import nbformat
import psutil
import pytest
from click.testing import CliRunner

from imageproc.cli.notebooks import app as app_command
from imageproc.cli.web_app import running
from tests.stranger import KERNEL_PORTS, listening, needs_root

pytestmark = pytest.mark.slow

NOTEBOOK = "import ipywidgets\nipywidgets.Label('Shown to visitors')"
SOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}
FOREIGN = [
    {"Host": "photos.example"},
    {"Origin": "http://photos.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
]


@dataclass
class App:
    """A web app that runs, and a browser's view of it."""

    process: subprocess.Popen[bytes]
    url: str
    cookie: dict[str, str] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.url).query)["token"][0]

    def get(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        return self._ask("GET", path, None, headers)

    def post(self, path: str, form: str, **headers: str) -> tuple[int, http.client.HTTPMessage, str]:
        return self._ask("POST", path, form, headers | {"Content-Type": "application/x-www-form-urlencoded"})

    def _ask(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, str]:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        connection.request(method, path, body, headers=headers)
        answer = connection.getresponse()
        text = "" if answer.status == http.HTTPStatus.SWITCHING_PROTOCOLS else answer.read().decode()
        connection.close()
        return answer.status, answer.msg, text

    def status(self, path: str, **headers: str) -> int:
        return self.get(path, **headers)[0]

    @property
    def processes(self) -> list[psutil.Process]:
        """The server, and its kernels."""
        server = psutil.Process(self.process.pid)
        return [server, *server.children(recursive=True)]

    def kernels(self) -> list[str]:
        """The kernels' IDs as the list of processes shows them to everybody."""
        words = [word for process in self.processes for word in process.cmdline()]
        return [Path(word).stem.removeprefix("kernel-") for word in words if word.endswith(".json")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[App]:
    """The web app of a small notebook, and a visitor who came by its address."""
    (folder / "holiday.jpg").write_bytes(b"a photo beside the notebook")
    spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    cells = [nbformat.v4.new_code_cell(NOTEBOOK)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=spec), folder / "app.ipynb")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONFIG", "DATA", "RUNTIME"):
            patch.setenv(f"JUPYTER_{name}_DIR", str(folder / name.lower()))
        with running(folder / "app.ipynb") as (process, url):
            found = App(process, url)
            status, headers, _ = found.get(f"/?token={found.token}&theme=dark")
            assert (status, headers["Location"]) == (302, "/?theme=dark")
            found.cookie["Cookie"] = headers["Set-Cookie"].partition(";")[0]
            found.get("/", **found.cookie)  # answered as soon as the kernels have started
            yield found


def test_a_port_that_is_taken_is_refused_and_nobody_is_handed_a_token(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = rf"Port {port} cannot be had: Address already in use\. Give another one"
        with pytest.raises(click.ClickException, match=taken), running(folder / "app.ipynb", port=port):
            pass
        other.settimeout(0.2)
        with pytest.raises(TimeoutError):
            other.accept()


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_what_is_no_port_is_refused(port: str) -> None:
    result = CliRunner().invoke(app_command, ["--port", port])
    assert result.exit_code == 2
    assert "is not in the range 0<=x<=65535" in result.output


def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address(app: App) -> None:
    status, headers, page = app.get("/?theme=dark", **app.cookie)
    assert status == 200
    assert "Shown to visitors" in page
    assert not re.findall(r"<link[^>]*https?://[^>]*>", page), "no host on the internet is asked"
    assert app.token not in page
    assert app.token not in str(headers)
    policy = headers["Content-Security-Policy"]
    assert "style-src 'self'" in policy, "nothing of another host's"
    assert "font-src 'self'" in policy
    _, headers, _ = app.get(f"//photos.example/?token={app.token}")
    assert headers["Location"] == "/photos.example/", "it leads to nobody else's pages"
    _, headers, _ = app.get(f"/?token={app.token}")
    assert {"HttpOnly", "SameSite=Lax"} <= set(headers["Set-Cookie"].split("; "))


def test_who_comes_without_the_token_is_asked_for_it_in_plain_words(app: App) -> None:
    status, headers, page = app.get("/login?next=%2F%3Falbum%3Da%22b")
    assert status == 200
    assert "This page needs a token" in page
    assert "Jupyter" not in page
    xsrf = headers["Set-Cookie"].partition(";")[0]
    for typed, answered in (
        ("wrong", 401),
        (app.token, 302),
        (f"http://127.0.0.1:1/?token={app.token}", 302),
    ):
        form = urlencode({"password": typed, "_xsrf": xsrf.partition("=")[2]})
        status, headers, page = app.post("/login?next=%2F%3Falbum%3Da%22b", form, Cookie=xsrf)
        assert status == answered
        assert ("That is not the token" in page) == (answered == 401)
    assert headers["Location"] == '/?album=a"b'


def test_no_kernel_gets_the_token(app: App) -> None:
    for _ in range(2):  # kernels that are started in advance get the address of the visit before
        app.get("/", **app.cookie)
    time.sleep(3)
    environments = [process.environ() for process in app.processes[1:]]
    assert any("VOILA_REQUEST_URL" in one for one in environments)
    assert [one for one in environments if app.token in str(one)] == []


def test_the_query_of_a_kernel_is_told_to_nobody(app: App) -> None:
    kernels = app.kernels()
    assert kernels
    for kernel in kernels:
        assert app.status(f"/voila/query/{kernel}", **SOCKET) == 404
        assert app.status(f"/api/kernels/{kernel}/channels", **SOCKET) == 403
        assert app.status(f"/api/kernels/{kernel}/channels", **SOCKET, **app.cookie) == 101


@pytest.mark.parametrize(
    "path", ["/", "/app.ipynb", "/holiday.jpg", "/voila/files/holiday.jpg", "/api/kernels", "/?token=wrong"]
)
def test_without_log_in_there_is_nothing(app: App, path: str) -> None:
    status, headers, text = app.get(path)
    assert (status, headers.get("Location", "").partition("?")[0]) in [(302, "/login"), (404, "")]
    assert "photo beside" not in text


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    "path", ["/", "/login", "/voila/static/voila.js", "/voila/templates/lab/static/voila.js"]
)
def test_a_foreign_host_or_origin_is_refused_whoever_asks(
    app: App, path: str, headers: dict[str, str]
) -> None:
    for proof in ({}, app.cookie, {"Authorization": f"token {app.token}"}):
        status, answer, _ = app.get(path, **headers, **proof)
        assert status == 403
        assert not answer.get("Access-Control-Allow-Origin")
    assert app.status(f"{path}?token={app.token}", **headers) == 403
    kernel = app.kernels()[0]
    assert app.status(f"/api/kernels/{kernel}/channels", **SOCKET, **headers, **app.cookie) == 403


@pytest.mark.parametrize(
    "part", ["static", "templates", "templates/lab/static", "labextensions", "api/themes"]
)
@pytest.mark.parametrize(
    "path", ["..%2f..%2fx", "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/x", "%00", "x"]
)
def test_an_address_that_leads_out_of_voilas_files_is_not_found(app: App, part: str, path: str) -> None:
    status, _, page = app.get(f"/voila/{part}/{path}")
    assert (status, "There is no such page here." in page) == (404, True)
    assert "//" not in page, "the page of an error asks no host on the internet for icons"


@needs_root
def test_another_user_of_the_machine_hears_nothing_and_reads_nothing(app: App, folder: Path) -> None:
    with listening(folder / "runtime", app.process.pid) as got:
        for _ in range(2):
            assert app.status("/", **app.cookie) == 200
    assert got["tried"] >= 4
    assert got["ports"] > KERNEL_PORTS, "there is something to listen to"
    assert (got["files"], got["messages"]) == ([], 0)
