"""One local AWS for the whole test run, shared by all of pytest-xdist's workers."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from botocore import session
from hypothesis import settings

from imageproc.local import LocalAws, LocalStatus
from imageproc.local.recognition import SWITCH
from tests import models, soak
from tests.local.functions import Functions
from tests.secrets_in_use import holding, keys_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator


# The same examples each time: what the suite says of a commit does not depend on the day.
settings.register_profile("suite", derandomize=True, deadline=None, max_examples=soak.of(30, 500))
settings.load_profile("suite")

models.watch()

session.create_loader = functools.cache(session.create_loader)
"""AWS's service descriptions are read once, and not by each session: that takes longer than most tests."""

SLOW_FOLDERS = {"browser", "flow", "local", "notebooks", "reliability"}
SLOW_FIXTURES = {"local_aws", "own_aws"}
"""What starts a local AWS."""


LONGEST = (
    *("browser/test_web_app.py", "reliability/test_client_faults.py", "flow/test_kill.py"),
    *("local/test_lifecycle.py", "browser/test_lab.py", "reliability/test_function_faults.py"),
    *("browser/test_parts.py", "notebooks/test_labs.py", "flow/test_imports.py"),
    *("notebooks/test_notebooks.py", "browser/test_screens.py", "browser/test_downloads.py"),
    *("widgets/test_web_app.py", "flow/test_recognition.py", "flow/test_aws_cli.py"),
    *("reliability/test_crashes.py", "flow/test_least_privilege.py", "browser/test_every_field.py"),
    *("flow/test_stack.py", "widgets/test_photos.py", "flow/test_contributing.py"),
    *("flow/test_throttling.py", "reliability/test_hostile.py", "flow/test_docs.py"),
    *(
        "local/recognition/test_lifecycle.py",
        "local/test_ministack_adapter.py",
        "reliability/test_disorder.py",
    ),
    *("browser/test_exported.py",),
)
"""The files that take longest, in this order. They begin first, so that none is left over at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what `make check` leaves out, and put it first. Files with servers mark themselves."""
    tests = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(tests).parts[0]
        if folder in SLOW_FOLDERS or SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: _order(item, tests))
    # moto and botocore keep a million objects: looking through them for garbage took a sixth of the time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _order(item: pytest.Item, tests: Path) -> int:
    path = item.path.relative_to(tests).as_posix()
    if path in LONGEST:
        return LONGEST.index(path)
    return len(LONGEST) + (item.get_closest_marker("slow") is None)


@pytest.fixture(autouse=True)
def _quick_tests_start_no_local_aws(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a test that starts a local AWS is slow: mark it with pytest.mark.slow")

    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(LocalAws, "start", refuse)


@pytest.fixture(autouse=True)
def _aws_would_take_every_request() -> Iterator[None]:
    """What the product asks of any client is also held to what botocore does not look at."""
    yield
    wrong = models.wrong[:]
    models.wrong.clear()
    assert wrong == [], "AWS would refuse this"


@contextlib.contextmanager
def _counted(path: Path, change: int) -> Iterator[int]:
    """Change the number in a file while no other worker can, and yield the new number."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        users = int(file.read() or 0) + change
        yield users
        file.seek(0)
        file.truncate()
        file.write(str(users))


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStatus]:
    """The local AWS of this test run. Tests leave it running, and give what they make names of its own."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    local = LocalAws(shared / "local-aws")
    with _counted(shared / "local-aws-users", +1), pytest.MonkeyPatch.context() as environment:
        environment.delenv(SWITCH, raising=False)
        status = local.start()
    yield status
    with _counted(shared / "local-aws-users", -1) as users:
        if users == 0:
            # The run's last words: what it executed and logged, notebooks too, names none of the keys in use.
            leaks = list(
                holding(shared, keys_in_use(local.status()), "*.ipynb", "*.html", "*.log", "*.log.1")
            )
            local.reset()
            assert leaks == []


@pytest.fixture
def own_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalAws]:
    """A local AWS of the test's own, to be started, stopped and killed; without recognition, to be quick."""
    monkeypatch.setenv(SWITCH, "off")
    local = LocalAws(tmp_path / "state")
    yield local
    local.reset()


@pytest.fixture
def functions(local_aws: LocalStatus) -> Functions:
    """Functions in the shared local AWS."""
    return Functions(local_aws.session())
