"""`imageproc run` and `app`: the notebooks from top to bottom, and as a web app."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from imageproc import resources
from imageproc.cli.output import console, errors
from imageproc.core.close_names import nearest

_KERNEL_START_S = 60
_APP = "app"


def find_notebook(name: str) -> Path:
    """Return a notebook by its path, or one of the project's by its name, `01_deploy` say."""
    path = Path(name)
    if path.is_file():
        return path
    folder = resources.folder("notebooks")
    found = folder / f"{path.name.removesuffix('.ipynb')}.ipynb"
    if found.is_file():
        return found
    raise click.ClickException(
        f"There is no notebook {name}. {nearest(name, (one.stem for one in folder.glob('*.ipynb')))}"
    )


def require(package: str) -> None:
    """Raise ClickException, with the command that installs it, unless a package of the workbench is there."""
    if importlib.util.find_spec(package) is None:
        raise click.ClickException(f"{package} is not installed: pip install 'imageproc[workbench,local]'")


@click.command()
@click.argument("notebook")
@click.option(
    "-p",
    "--parameter",
    "given",
    multiple=True,
    nargs=2,
    metavar="NAME VALUE",
    help="A value for a parameter.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the executed notebook is written; by default beside you, as NOTEBOOK.executed.ipynb.",
)
@click.option("--timeout", default=3600, show_default=True, help="Seconds that one cell may take.")
@click.option("--help-notebook", is_flag=True, help="Show the notebook's parameters, and run nothing.")
def run(
    notebook: str, given: tuple[tuple[str, str], ...], output: Path | None, timeout: int, help_notebook: bool
) -> None:
    """Run NOTEBOOK, a path or a name such as 01_deploy, from top to bottom, for CI say.

    The executed notebook is kept, with pictures and tables that show without a kernel, also when a cell
    fails; then the exit code is 1.
    """
    path = find_notebook(notebook)
    known = parameters_of(path)
    if help_notebook:
        _show_parameters(path, known)
        return
    values = _checked(path, known, dict(given))
    written = output or Path(f"{path.stem}.executed.ipynb")
    _execute(path, written, values, timeout)
    console.print(f"{path.stem} ran to its end: {written}")


@click.command()
@click.option(
    "--port",
    default=0,
    type=click.IntRange(0, 65535),
    help="The port on 127.0.0.1; by default a free one.",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def app(port: int, no_browser: bool) -> None:
    """Serve the web app on this machine only, at an address that holds a random token.

    Each visitor gets a kernel of their own. It stops with Ctrl-C.
    """
    require("voila")
    from imageproc.cli.web_app import serve

    serve(find_notebook(_APP), port=port, open_browser=not no_browser)


def parameters_of(path: Path) -> dict[str, Any]:
    """Return a notebook's parameters by name: papermill's name, type, default and help.

    Raises ClickException for a file that is not a notebook of a known language.
    """
    require("papermill")
    import papermill

    try:
        return dict(papermill.inspect_notebook(str(path)))
    except Exception as error:
        raise click.ClickException(
            f"{path} cannot be read as a notebook: {error} Open it in JupyterLab and save it."
        ) from error


def _show_parameters(path: Path, known: Mapping[str, Any]) -> None:
    console.print(f"Parameters of {path.stem}:")
    for name, parameter in known.items():
        typed = f"{name}: {parameter['inferred_type_name']} = {parameter['default']}"
        console.print(f"  {typed:<44} {parameter['help']}")


def _checked(path: Path, known: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Return the values as the types that the notebook declares; papermill itself would only warn."""
    for name in given:
        if name not in known:
            raise click.ClickException(
                f"{path.stem} has no parameter {name!r}. It has: {', '.join(known) or 'none'}."
            )
    return {name: _typed(name, value, known[name]["inferred_type_name"]) for name, value in given.items()}


def _typed(name: str, value: str, wanted: str) -> Any:
    """Return a value as the type that is wanted, with JSON's types in it. Raises ClickException.

    YAML knows more, sets and bytes for example, and papermill writes those into the notebook as code.
    """
    import yaml

    if wanted == "str":
        return value
    try:
        read = json.loads(json.dumps(yaml.safe_load(value)))
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise click.ClickException(f"{name} is to be {wanted}, in YAML or JSON: {error}") from error
    if type(read).__name__ != wanted:
        raise click.ClickException(f"{name} is to be {wanted}, and {value!r} is {type(read).__name__}.")
    return read


def _execute(path: Path, written: Path, values: Mapping[str, Any], timeout: int) -> None:
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    with errors.status(f"Running {path.stem}..."), tempfile.TemporaryDirectory(prefix="imageproc-") as folder:
        # Sockets in a folder, and no ports: kernels that are started at once took each other's.
        sockets = {"transport": "ipc", "ip": f"{folder}/kernel"}
        try:
            papermill.execute_notebook(
                str(path),
                str(written),
                dict(values),
                kernel_name="python3",
                execution_timeout=timeout,
                start_timeout=_KERNEL_START_S,
                progress_bar=False,
                store_widget_state=False,  # what panels keep shows more than widgets without a kernel
                config=Config(KernelManager=sockets),
            )
        except PapermillExecutionError as error:
            raise click.ClickException(
                f"{path.stem} stopped in cell {error.exec_count}: {error.ename}: {error.evalue} "
                f"The notebook as far as it came: {written}"
            ) from error
