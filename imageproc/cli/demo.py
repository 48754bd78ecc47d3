"""`imageproc demo`: the whole flow on the local AWS, in a terminal."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.rule import Rule

from imageproc import NotDownloaded, Photo, PreparedFile, Workbench, samples
from imageproc.cli.escaping import say
from imageproc.cli.following import follow
from imageproc.cli.output import console, errors
from imageproc.cli.photos import print_photos
from imageproc.cli.upload import send
from imageproc.errors import DownloadError, UploadError

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
    workbench = Workbench.open("local", notify=say)
    _title("2. The stack, from image-processing.yaml")
    _deploy(workbench)
    _title("3. Sample photos, and a text that calls itself a JPEG")
    photos = _processed(workbench, folder / "photos")
    _title("4. What is recorded")
    print_photos(sorted(photos, key=lambda photo: photo.name))
    _save_thumbnails(workbench, photos, folder / "thumbnails")
    _title(f"Done in {time.monotonic() - began:.0f} s. What next?")
    _say_what_next(max(photos, key=lambda photo: bool(photo.thumbnail_key)))


def _title(text: str) -> None:
    console.print()
    console.print(Rule(text, align="left", style="dim"), width=min(console.width, 100))


def _deploy(workbench: Workbench) -> None:
    with errors.status("Deploying...") as spinner:
        planned = workbench.stack.plan()
        for number, event in enumerate(workbench.stack.apply(planned)):
            spinner.update(f"Deploying: {number} events, {getattr(event, 'logical_id', '')}")
    resources = f"{len(planned.changes)} resources changed" if planned.changed else "nothing changed"
    console.print(f"{resources}; the photos' bucket is {workbench.stack.bucket}")


def _processed(workbench: Workbench, folder: Path) -> list[Photo]:
    album = workbench.albums.get_or_create(_ALBUM, _USER)
    found = workbench.uploads.prepare(samples.write_samples(folder), album, check=False)
    ready = [one for one in found if isinstance(one, PreparedFile)]
    sent, failed = send(workbench, album, ready, again=True)
    if failed:
        raise UploadError(f"{len(failed)} photos could not be uploaded.", "Run it again.")
    return follow(workbench, sent)


def _save_thumbnails(workbench: Workbench, photos: list[Photo], folder: Path) -> None:
    """Write the thumbnails into a folder."""
    with_thumbnail = [photo for photo in photos if photo.thumbnail_key]
    for written in workbench.photos.download(with_thumbnail, folder, thumbnails=True):
        if isinstance(written, NotDownloaded):
            raise DownloadError(f"{written.photo_id}: {written.cause}")
    console.print()
    console.print(f"Thumbnails, upright and without metadata: {folder}/ (in S3 under Thumbnails/)")


def _say_what_next(photo: Photo) -> None:
    commands = {
        "imageproc upload ~/Pictures --follow": "your own photos",
        f"imageproc show {photo.name}": "all that is recorded of one",
        "imageproc photos": "all photos; add --json for scripts",
        "imageproc executions": "what the state machine did",
        "imageproc lab": "the same in JupyterLab",
        "imageproc app": f"a web app; log in as {_USER} to see these photos",
        "imageproc destroy": "remove the stack and everything in it",
        "imageproc local stop": "stop the local AWS",
    }
    for command, meaning in commands.items():
        console.print(f"  {command:<40} {meaning}")
