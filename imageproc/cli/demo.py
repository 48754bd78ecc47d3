"""`imageproc demo`: the whole flow on the local AWS, in a terminal."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.rule import Rule

from imageproc import samples
from imageproc.cli.escaping import say
from imageproc.cli.following import follow
from imageproc.cli.output import console, errors
from imageproc.cli.photos import print_photos
from imageproc.cli.upload import send
from imageproc.client.download import NotDownloaded, download
from imageproc.client.errors import ClientError
from imageproc.client.photos import Photo
from imageproc.client.target import Target
from imageproc.client.uploads import Upload
from imageproc.client.workbench import Workbench

_USER, _ALBUM = "demo", "Demo"


@click.command()
@click.option(
    "--folder",
    default="imageproc-demo",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the sample photos and their thumbnails are written.",
)
def demo(folder: Path) -> None:
    """Start the local AWS, deploy, upload sample photos, follow them, and show what became of them."""
    began = time.monotonic()
    _title("1. The local AWS")
    target = _started()
    _title("2. The stack, from image-processing.yaml")
    workbench = _deployed(target)
    _title("3. Sample photos, and a text that calls itself a JPEG")
    photos = _processed(workbench, folder / "photos")
    _title("4. What is recorded")
    print_photos(sorted(photos, key=lambda photo: photo.file_name))
    _save_thumbnails(workbench, photos, folder / "thumbnails")
    _title(f"Done in {time.monotonic() - began:.0f} s. What next?")
    _say_what_next(photos[0])


def _title(text: str) -> None:
    console.print()
    console.print(Rule(text, align="left", style="dim"))


def _started() -> Target:
    from imageproc.local import LocalAws

    LocalAws().start(progress=say)
    return Target.local()


def _deployed(target: Target) -> Workbench:
    workbench = Workbench(target)
    with errors.status("Deploying...") as spinner:
        planned = workbench.plan()
        for number, event in enumerate(workbench.apply(planned)):
            spinner.update(f"Deploying: {number} events, {getattr(event, 'logical_id', '')}")
    resources = f"{len(planned.changes)} resources changed" if planned.changed else "nothing changed"
    console.print(f"{resources}; the photos' bucket is {workbench.stack.bucket}")
    return workbench


def _processed(workbench: Workbench, folder: Path) -> list[Photo]:
    try:
        paths = samples.write_samples(folder)
    except samples.SamplesMissingError as error:
        raise ClientError(str(error)) from error
    album = workbench.albums.named(_USER, _ALBUM)
    found = workbench.prepare(paths, album, check=False)
    ready = [one for one in found if isinstance(one, Upload)]
    sent, failed = send(workbench.stack, album, ready, again=True)
    if failed:
        raise ClientError(f"{len(failed)} photos could not be uploaded.")
    return follow(workbench.stack, {one.upload.object_id: one.version for one in sent})


def _save_thumbnails(workbench: Workbench, photos: list[Photo], folder: Path) -> None:
    """Write the thumbnails into a folder."""
    with_thumbnail = [photo for photo in photos if photo.thumbnail_key]
    for written in download(workbench.stack, with_thumbnail, folder, thumbnails=True):
        if isinstance(written, NotDownloaded):
            raise ClientError(f"{written.photo_id}: {written.cause}")
    console.print()
    console.print(f"Thumbnails, upright and without metadata: {folder}/ (in S3 under Thumbnails/)")


def _say_what_next(photo: Photo) -> None:
    commands = {
        "imageproc upload ~/Pictures --follow": "your own photos",
        f"imageproc show {photo.file_name}": "all that is recorded of one",
        "imageproc photos": "all photos; add --json for scripts",
        "imageproc executions": "what the state machine did",
        "imageproc lab": "the same in JupyterLab",
        "imageproc destroy": "remove the stack and everything in it",
        "imageproc local stop": "stop the local AWS",
    }
    for command, meaning in commands.items():
        console.print(f"  {command:<40} {meaning}")
