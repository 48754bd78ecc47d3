"""The notebooks run from top to bottom under papermill, in order, and leave nothing behind."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import nbformat
import pytest

from imageproc import samples
from imageproc.cli import imageproc
from imageproc.cli.notebooks import parameters_of
from imageproc.datasets import formats
from imageproc.local import LocalStatus
from imageproc.widgets import recorded
from tests.flow.conftest import DONE

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
KEPT = ROOT / "build" / "notebooks"
"""Where CI finds the executed notebooks."""

WHERE = {"target", "stack_name", "profile", "region"}
LAB = {"stack_name", "solutions", "clean_up"}
PARAMETERS = {
    "01_deploy": {*WHERE, "parameters", "confirm"},
    "02_upload_and_follow": {*WHERE, "user", "album", "photos"},
    "03_gallery": {*WHERE, "user", "album"},
    "04_explore": {*WHERE, "user", "album"},
    "05_curate": {*WHERE, "user", "album", "truth", "export_format", "export_folder"},
    "06_operations": {*WHERE, "retry"},
    "07_clean_up": {*WHERE, "confirm", "delete_data"},
    "app": WHERE,
    "lab_1_one_photo": LAB,
    "lab_2_break_it": LAB,
    "lab_3_least_privilege": LAB,
    "lab_4_the_bill": {"solutions"},
    "lab_5_extend_it": LAB,
}
SAMPLES = {"cat.jpg", "astronaut.png", "coffee.jpg", "rocket.jpg", "notes.jpg"}
CURATED = [*(one.name for one in samples.TO_CURATE), *(one.name for one in samples.COPIES)]


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_what_it_does(path: Path) -> None:
    notebook = read(path)
    assert notebook.cells[0].cell_type == "markdown"
    assert notebook.metadata.kernelspec.name == "python3"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0].metadata.tags == ["parameters"]
    assert all("#" in line for line in code[0].source.splitlines()), "every parameter is explained"


def test_notebooks_are_kept_stripped() -> None:
    verify = [sys.executable, "-m", "nbstripout", "--verify", *map(str, NOTEBOOKS)]
    assert subprocess.run(verify, check=False).returncode == 0


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_papermill_knows_each_parameter_its_type_and_its_help(path: Path) -> None:
    """papermill only warns of a name that it does not know, so the names are a contract."""
    known = parameters_of(path)
    assert set(known) == PARAMETERS[path.stem]
    assert all(one["inferred_type_name"] in {"str", "bool", "dict"} and one["help"] for one in known.values())


@dataclass(frozen=True)
class Run:
    """A notebook that was executed."""

    path: Path

    @property
    def recorded(self) -> dict[str, Any]:
        found: dict[str, Any] = recorded(self.path)
        return found

    @property
    def types(self) -> set[str]:
        """The MIME types of all outputs."""
        return {
            kind
            for cell in read(self.path).cells
            for out in cell.get("outputs", ())
            for kind in out.get("data", ())
        }

    @property
    def said(self) -> list[str]:
        """What the outputs say in plain text."""
        outputs = (out for cell in read(self.path).cells for out in cell.get("outputs", ()))
        return [out.get("data", {}).get("text/plain", "") for out in outputs]

    @property
    def html(self) -> str:
        outputs = (out for cell in read(self.path).cells for out in cell.get("outputs", ()))
        return "".join(out.get("data", {}).get("text/html", "") for out in outputs)


def run(name: str, *parameters: str, output: Path) -> Run:
    """Run a notebook by the command line. Raises AssertionError with what it said."""
    given = [word for pair in zip(parameters[::2], parameters[1::2], strict=True) for word in ("-p", *pair)]
    command = ["run", name, "--timeout", "120", "--output", str(output), *given]
    script = "from imageproc.cli import main; main()"
    whole = [sys.executable, "-c", script, *command]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Run(output)


@pytest.fixture(scope="module")
def runs(local_aws: LocalStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    """All notebooks, executed from nothing to a clean machine; what is independent runs at the same time."""
    stack = f"notebooks-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    folder = tmp_path_factory.mktemp("curated") / "data-set"
    KEPT.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("IMAGEPROC_STATE_DIR", str(local_aws.state_dir))

        def one(name: str, *parameters: str, output: str = "") -> Run:
            return run(name, "stack_name", stack, *parameters, output=KEPT / f"{output or name}.ipynb")

        done = {"01_deploy": one("01_deploy")}
        done["02_upload_and_follow"] = one("02_upload_and_follow")
        with ThreadPoolExecutor(2) as pool:
            curated = pool.submit(one, "05_curate", "export_folder", str(folder))
            done["03_gallery"] = one("03_gallery")
            done["all"] = one("03_gallery", "user", "nobody", output="03_gallery_of_all")
            done["04_explore"] = one("04_explore", "album", "First album")
            done["05_curate"] = curated.result()
        done["06_operations"] = one("06_operations")
        done["07_clean_up"] = one("07_clean_up", "confirm", stack)
    yield done
    secret = local_aws.credentials
    assert secret is not None
    for executed in done.values():
        assert secret.secret_access_key not in executed.path.read_text()


def test_the_stack_is_deployed(runs: dict[str, Run]) -> None:
    """That a second run changes nothing, `tests/test_installed.py` sees."""
    first = runs["01_deploy"].recorded["deployment"]
    assert first["changed"]
    assert ["Add", "PhotoRepoS3Bucket"] in first["changes"]
    assert first["failed"] == []
    assert "DescribeExecutionLambda" in runs["01_deploy"].html


def test_sample_photos_are_processed_and_a_text_is_rejected(runs: dict[str, Run]) -> None:
    photos = runs["02_upload_and_follow"].recorded["photos"]
    assert photos["statuses"] == {DONE: 4, "REJECTED": 1}
    assert {one["photo"].partition("-")[2] for one in photos["photos"]} == SAMPLES
    [rejected] = [one for one in photos["photos"] if one["status"] == "REJECTED"]
    assert rejected["error"]["name"] == "ImageIdentifyError"
    assert "data:image/svg+xml" in runs["02_upload_and_follow"].html, "the state machine's graph"


def test_the_gallery_shows_them(runs: dict[str, Run]) -> None:
    gallery = runs["03_gallery"].recorded["gallery"]
    assert set(gallery["names"]) == SAMPLES
    assert gallery["located"] == 2
    assert "data:image/webp" in runs["03_gallery"].html
    assert "data:image/svg+xml" in runs["03_gallery"].html
    assert "X-Amz-Signature" not in runs["03_gallery"].path.read_text(), "addresses that open photos"


def test_the_gallery_of_who_has_no_album_shows_all_photos(runs: dict[str, Run]) -> None:
    gallery = runs["all"].recorded["gallery"]
    assert gallery["album"] is None
    assert set(gallery["names"]) >= SAMPLES


def test_the_photos_are_explored(runs: dict[str, Run]) -> None:
    explored = runs["04_explore"].recorded["explore"]
    assert (explored["photos"], explored["placed"]) == (5, 2)
    assert explored["cameras"]["Canon EOS R6"] == 1
    assert {"image/png", "text/html"} <= runs["04_explore"].types
    assert "image/svg+xml" in runs["04_explore"].html, "the map"
    plots = {said.partition(".")[0] for said in runs["04_explore"].said}
    assert {
        "Photos by camera: 4 of 4",
        "Photos by time",
        "Photos by hour of the day",
        "Photos by ISO",
    } <= plots


def test_photos_become_a_data_set_without_duplicates_and_with_better_labels(runs: dict[str, Run]) -> None:
    recorded = runs["05_curate"].recorded
    assert recorded["duplicates"] == {"groups": 3, "spare": 3, "examined": len(CURATED), "without_hash": 0}
    precision, recall = recorded["shares"]["recognised"]
    better_precision, better_recall = recorded["shares"]["corrected"]
    assert (better_precision >= precision, better_recall > recall > 0.4) == (True, True)
    made = formats.read(Path(recorded["exported"]["folder"]))
    assert len(made.images) == recorded["exported"]["photos"] == len(CURATED) - len(samples.COPIES)
    assert {"Horse"} <= {name for image in made.images for name in image.labels if "horse" in image.file}
    assert recorded["embedding_map"]["photos"] == len(CURATED) - len(samples.COPIES)
    html = runs["05_curate"].html
    assert f"<p>{recorded['embedding_map']['photos']} photos.</p>" in html, "below the map's picture"
    for table in ("The rarest of 6 photos", "By confidence", "Duplicates", "as deployed"):
        assert table in html


def test_operations_show_what_failed_and_why(runs: dict[str, Run]) -> None:
    operations = runs["06_operations"].recorded["operations"]
    assert operations["failures"] == [[1, "REJECTED", "ExtractImageMetadata", "ImageIdentifyError"]]
    assert operations["executions"] == {"SUCCEEDED": 4 + len(CURATED), "FAILED": 1}
    assert operations["queue"] == 0
    assert "Photos by status" in runs["06_operations"].html


def test_nothing_is_left(runs: dict[str, Run]) -> None:
    removed = runs["07_clean_up"].recorded["clean_up"]
    assert (removed["left"], removed["kept"], removed["inventory"]) == ([], [], [])


def test_notebooks_are_small_enough_to_be_read_on_a_page(runs: dict[str, Run]) -> None:
    assert {
        name: run.path.stat().st_size for name, run in runs.items() if run.path.stat().st_size > 1_000_000
    } == {}


def notebook(path: Path, source: str) -> Path:
    cells = [
        nbformat.v4.new_code_cell("wanted: int = 1  # a number", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell(source),
    ]
    spec = {"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=spec), path)
    return path


@pytest.mark.parametrize(
    ("parameters", "cause"),
    [
        (["wnated", "2"], "has no parameter 'wnated'. It has: wanted."),
        (["wanted", "two"], "wanted is to be int, and 'two' is str."),
    ],
)
def test_a_mistyped_parameter_is_an_error(tmp_path: Path, parameters: list[str], cause: str) -> None:
    path = notebook(tmp_path / "own.ipynb", "wanted")
    with pytest.raises(AssertionError, match=re.escape(cause)):
        run(str(path), *parameters, output=tmp_path / "out.ipynb")
    assert not (tmp_path / "out.ipynb").exists()


def test_a_cell_that_fails_stops_the_notebook_with_its_cause(tmp_path: Path) -> None:
    path = notebook(tmp_path / "own.ipynb", "raise ValueError(f'no {wanted}')")
    with pytest.raises(AssertionError, match=r"stopped in cell \d: ValueError: no 5"):
        run(str(path), "wanted", "5", output=tmp_path / "out.ipynb")
    assert "no 5" in json.dumps(read(tmp_path / "out.ipynb")), "as far as it came"


def test_an_unknown_notebook_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(click.ClickException, match="01_deploy, 02_upload_and_follow"):
        imageproc(["run", "07_more"], standalone_mode=False)


INJECTING = [
    '"+open("injected","w").name+"',
    "\\\"; open('injected', 'w') #",
    "'''\"\"\"\nopen('injected', 'w')\n",
    "\r\u2028open('injected', 'w')",
    "{0.__class__} {{open('injected', 'w')}} %s $(touch injected) `touch injected`",
    "\\",
    "\\N{QUOTATION MARK}",
]
AS_CODE = """[!!set {"\\"+open(\\"injected\\",\\"w\\").name+\\"": null}]"""


def parameterised(path: Path, *parameters: str) -> subprocess.CompletedProcess[str]:
    """Run a notebook in its own folder, and write it to `out.ipynb` there."""
    given = [word for pair in zip(parameters[::2], parameters[1::2], strict=True) for word in ("-p", *pair)]
    command = [sys.executable, "-c", "from imageproc.cli import main; main()", "run", str(path), *given]
    return subprocess.run(
        [*command, "-o", "out.ipynb"], capture_output=True, text=True, check=False, cwd=path.parent
    )


@pytest.fixture
def taking(tmp_path: Path) -> Path:
    """A notebook that takes a text, a mapping and a list, and shows them as JSON."""
    path = notebook(tmp_path / "own.ipynb", "import json; print(json.dumps([text, mapping, several]))")
    made = read(path)
    made.cells[0].source = 'text: str = ""  # a\nmapping: dict = {}  # b\nseveral: list = []  # c'
    nbformat.write(made, path)
    return path


def test_the_value_of_a_parameter_is_a_value_and_no_code(taking: Path) -> None:
    """One run for all values: each is a text of its own, and a key, a value and an item of the others."""
    made = read(taking)
    texts = [f"text_{number}" for number in range(len(INJECTING))]
    made.cells[0].source += "".join(f'\n{name}: str = ""  # a text' for name in texts)
    made.cells[-1].source = f"import json; print(json.dumps([[{', '.join(texts)}], mapping, several]))"
    nbformat.write(made, taking)
    mapping, several = {value: value for value in INJECTING}, [[value] for value in INJECTING]
    given = [word for pair in zip(texts, INJECTING, strict=True) for word in pair]
    done = parameterised(taking, *given, "mapping", json.dumps(mapping), "several", json.dumps(several))
    assert done.returncode == 0, done.stderr
    shown = read(taking.with_name("out.ipynb")).cells[-1].outputs[0].text
    assert json.loads(shown) == [INJECTING, mapping, several]
    assert not taking.with_name("injected").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("several", AS_CODE),
        ("mapping", f"{{a: {AS_CODE}}}"),
        ("several", "[!!binary IitvcGVuKCJpbmplY3RlZCIsInciKS5uYW1lKyI=]"),
        ("mapping", "{a: 2026-01-01}"),
        ("mapping", "{a"),
        ("several", "&all [*all]"),
        ("several", "!!python/object/apply:os.system ['touch injected']"),
    ],
)
def test_values_that_only_yaml_knows_are_refused(
    taking: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.chdir(taking.parent)
    with pytest.raises(click.ClickException, match=f"{name} is to be"):
        imageproc(["run", str(taking), "-p", name, value, "-o", "out.ipynb"], standalone_mode=False)
    assert {path.name for path in taking.parent.iterdir()} == {taking.name}, "nothing ran"


def test_the_sockets_of_the_kernel_of_a_run_are_the_users_alone(taking: Path) -> None:
    """Its one port is ipykernel's own: output of subprocesses comes in there, and none goes out."""
    made = read(taking)
    made.cells[-1].source = """import json, os, psutil
from ipykernel.connect import get_connection_info
listening = [one.laddr.port for one in psutil.Process().net_connections("tcp") if one.status == "LISTEN"]
folder = os.path.dirname(json.loads(get_connection_info())["ip"])
print(json.dumps([len(listening), oct(os.stat(folder).st_mode & 0o777)]))"""
    nbformat.write(made, taking)
    assert parameterised(taking).returncode == 0
    shown = read(taking.with_name("out.ipynb")).cells[-1].outputs[0].text
    assert json.loads(shown) == [1, "0o700"]
