"""The workbench: one object for a target and a stack in it, from deploying to cleaning up.

>>> workbench = Workbench.open()  # doctest: +SKIP
>>> workbench.deploy()  # doctest: +SKIP
>>> for photo in workbench.process(["cat.jpg"], album="Cats"):  # doctest: +SKIP
...     print(photo.status, photo.tags)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from imageproc.client.albums import AlbumLike, Albums
from imageproc.client.bulk import BulkRuns
from imageproc.client.cancellation import Cancellation
from imageproc.client.catalogs import StackCatalog
from imageproc.client.costs import of_photos, of_stack
from imageproc.client.dead_letters import DeadLetters
from imageproc.client.doctor import Check, examine
from imageproc.client.executions import Executions
from imageproc.client.imports import Imports
from imageproc.client.logs import Logs
from imageproc.client.looped import looped
from imageproc.client.metrics import Metrics
from imageproc.client.photos import Photos
from imageproc.client.photos.comparison import Comparison, compare
from imageproc.client.photos.photo import Photo, several
from imageproc.client.photos.recognition_comparison import RecognitionComparison
from imageproc.client.photos.recognitions import compare_recognition
from imageproc.client.privacy import Privacy
from imageproc.client.recovery import recover
from imageproc.client.stack import Stack
from imageproc.client.target import DEFAULT_STACK, LOCAL, Target, local_aws, open_target
from imageproc.client.uploads import Uploads
from imageproc.client.uploads.events import RefusedFile, Uploaded, UploadFailed
from imageproc.client.uploads.files import CHECK_PATH, Paths, given_paths
from imageproc.costs import Estimate
from imageproc.deployment import Deployed, Event, ignore
from imageproc.errors import ImageprocError, InvalidArgumentError, TargetError, UploadError
from imageproc.presentation import html
from imageproc.presentation.problems import explain_errors

if TYPE_CHECKING:
    from imageproc.client.faults import Faults
    from imageproc.client.photos.view import PhotoView
    from imageproc.datasets.images import Dataset

_NAMED = 10
"""Files of which it is said why they could not be sent."""

_PRICED = 1000
"""Photos of which the cost is told if nobody says how many."""

_SHOWN_OUTPUTS = {
    "Bucket": "S3PhotoRepoBucket",
    "Records": "DDBImageMetadataTable",
    "Albums": "DDBAlbumMetadataTable",
    "State machine": "StateMachineArn",
}


class Workbench:
    """A target and one stack in it, by resource. Nothing is asked of AWS before it is needed.

    Wherever a photo, an album or a user is asked for, the object, its ID or its name do. Everything that
    waits takes a `Cancellation`: it ends with Cancelled, and what AWS has begun continues.
    """

    def __init__(self, target: Target, stack_name: str = DEFAULT_STACK) -> None:
        """Work with the stack of this name, which need not exist yet. Raises ParameterError."""
        self.target = target
        self.stack = Stack(target, stack_name)
        """The stack: its outputs, plan and apply, inventory, destroy."""

    @classmethod
    def open(
        cls,
        target: str | None = None,
        *,
        profile: str | None = None,
        region: str | None = None,
        stack_name: str = DEFAULT_STACK,
        notify: Callable[[str], None] = lambda _: None,
    ) -> Workbench:
        """Open `local`, which is started unless it runs, or `aws`; by default what `IMAGEPROC_TARGET` says.

        Photos that an unclean stop of the local AWS cut off are processed again, and `notify` is told.
        Notebooks show this package's errors in short from then on, with the traceback in a fold.
        Raises ParameterError for what cannot be a stack's name, TargetError, AwsError, LocalAwsError if the
        local AWS does not start.
        """
        explain_errors()
        chosen = target or os.environ.get("IMAGEPROC_TARGET") or LOCAL
        if chosen == LOCAL:
            local_aws().start(progress=notify)
        opened = open_target(chosen, profile or None, region or None)
        if opened.is_recovering:
            recover(opened, notify)
        return cls(opened, stack_name)

    @staticmethod
    @looped
    def examine(
        target: str | None = None,
        *,
        profile: str | None = None,
        region: str | None = None,
        stack_name: str = DEFAULT_STACK,
        parameters: Mapping[str, str] | None = None,
    ) -> Iterator[Check]:
        """Yield what can be checked before deploying there, with these parameters of the template.

        Nothing is started or changed, and what AWS refuses to tell is not known, and no error.
        """
        return examine(target, stack_name, parameters or {}, profile=profile, region=region)

    @cached_property
    def albums(self) -> Albums:
        """The albums: found, created, changed, deleted."""
        return Albums(self.stack, self)

    @cached_property
    def photos(self) -> Photos:
        """The photos: selected, read, followed, processed again, downloaded."""
        return Photos(self.stack, self.albums, self.executions, self.catalog)

    @cached_property
    def catalog(self) -> StackCatalog:
        """The index that views of photos ask."""
        return StackCatalog(self.stack)

    @cached_property
    def uploads(self) -> Uploads:
        """Uploads: files and folders, or files from a browser."""
        return Uploads(self.stack, self.albums)

    @cached_property
    def imports(self) -> Imports:
        """Imports: the photos of a bucket, a folder tree or a zip, into albums after its folders."""
        return Imports(self.stack, self.albums)

    @cached_property
    def executions(self) -> Executions:
        """The executions, their steps, and the state machine's definition."""
        return Executions(self.stack)

    @cached_property
    def bulk(self) -> BulkRuns:
        """The bulk runs: all photos processed, side by side within a limit."""
        return BulkRuns(self.stack)

    @cached_property
    def logs(self) -> Logs:
        """What was logged of a photo's execution."""
        return Logs(self.stack, self.photos, self.executions)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """The events of uploads whose processing could not be started."""
        return DeadLetters(self.stack, self.photos)

    @property
    def faults(self) -> Faults:
        """Faults injected into the local AWS on purpose. Raises TargetError on AWS, and if they are off."""
        from imageproc.client.faults import Faults

        if not self.target.is_local:
            raise TargetError(f"Faults are never injected into {self.target.name}.", "Use the local AWS.")
        return Faults(self.stack, self.executions)

    @cached_property
    def metrics(self) -> Metrics:
        """Figures for plots: throughput, durations, CloudWatch's metrics."""
        return Metrics(self.stack, self.executions)

    @cached_property
    def privacy(self) -> Privacy:
        """What there is of a photo or a user, and erasing it."""
        return Privacy(self.stack, self.photos, self.albums, self.executions)

    def cost(
        self,
        photos: int | Iterable[Photo] = _PRICED,
        *,
        album: AlbumLike | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> Estimate:
        """Return what so many photos (1,000), these, or an album's cost on AWS: an estimate, also locally.

        The stack's parameters count, and of a number of photos `parameters` before them. Raises AwsError,
        InvalidArgumentError, and as `Albums.get` does.
        """
        if album:
            if photos != _PRICED:
                raise InvalidArgumentError("Photos and an album are given: use one.", "An album has its own.")
            photos = self.photos.in_album(album)
        if not isinstance(photos, int):
            return of_photos(self.stack, several(photos))
        if photos < 0:
            raise InvalidArgumentError(f"{photos} are no photos.", "Give a number from 0 on, or photos.")
        return of_stack(self.stack, photos, parameters or {})

    def compare(
        self,
        view: PhotoView,
        settings: Mapping[str, Iterable[float]],
        *,
        truth: Path | str | Dataset | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Comparison:
        """Return what settings of the recognition would give for photos, beside the deployed one.

        `settings` are values of MinConfidence and MaxLabels, `{"MinConfidence": [40, 55, 70]}`; of both, each
        with each. What is stored tells what stricter settings than the stack's would give; of looser ones,
        only what they cost. How right labels would be is measured by a data set or by what people corrected,
        as `PhotoView.evaluate` does. Nothing is recognised or changed. Raises InvalidArgumentError for other
        settings, DatasetError, TargetError if the stack does not have them, AwsError.
        """
        return compare(self.stack, view, settings, truth=truth, names=names)

    def compare_recognition(
        self,
        view: PhotoView,
        other: Workbench,
        *,
        truth: Path | str | Dataset | None = None,
        names: Mapping[str, str] | None = None,
        max_usd: float = 0.0,
    ) -> RecognitionComparison:
        """Return the photos' recorded labels beside those that Rekognition of another target gives now.

        `other` need not have a stack. It is sent each photo (of those that `truth`, as of `compare`, judges)
        with this stack's MinConfidence and MaxLabels; nothing is stored. Amazon Rekognition costs money for
        each: at most `max_usd` by list price, or nothing is asked and InvalidArgumentError says what it
        would cost. Raises DatasetError, AwsError if no photo is answered.
        """
        return compare_recognition(self.stack, view, other.target, truth=truth, names=names, max_usd=max_usd)

    def deploy(
        self,
        parameters: Mapping[str, str] | None = None,
        *,
        notify: Callable[[Event], None] = ignore,
        cancellation: Cancellation | None = None,
    ) -> Deployed:
        """Deploy the stack, or bring it up to date, without asking. See `Stack.deploy`."""
        return self.stack.deploy(parameters, notify=notify, cancellation=cancellation)

    @looped
    def process(
        self,
        paths: Paths,
        *,
        album: AlbumLike,
        user: str | None = None,
        again: bool = False,
        timeout_s: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Photo]:
        """Upload files and folders, or one of them, and yield each photo when it is finished.

        The album is created if need be, with the first file that can be sent; `user` is its owner (by default
        `default_user()`). `timeout_s` is that of `Photos.follow`. Raises UploadError for a path where nothing
        is, before anything is created, and for files that cannot be sent, after the others are;
        FollowTimeoutError, AwsError, Cancelled.
        """
        given = given_paths(paths)
        for path in given:
            if not path.exists():
                raise UploadError(f"There is no file or folder {path}.", CHECK_PATH)
        into = partial(self.albums.get_or_create, album, user)
        events = list(self.uploads.upload(given, into, again=again, cancellation=cancellation))
        sent = [event for event in events if isinstance(event, Uploaded)]
        sleep = (cancellation or Cancellation()).sleep
        for photo in self.photos.follow(sent, timeout_s=timeout_s, sleep=sleep):
            if photo.status.finished:
                yield photo
        refused = [f"{one.path}: {one.cause}" for one in events if isinstance(one, RefusedFile)]
        refused += [f"{one.file.path}: {one.cause}" for one in events if isinstance(one, UploadFailed)]
        if refused:
            more = [f"and {len(refused) - _NAMED:,} more"] if len(refused) > _NAMED else []
            raise UploadError("\n".join([*refused[:_NAMED], *more]))

    @looped
    def destroy(
        self, *, delete_data: bool | None = None, cancellation: Cancellation | None = None
    ) -> Iterator[Event]:
        """Remove the stack and all that belongs to it, and yield each step. See `Stack.destroy`."""
        return self.stack.destroy(delete_data=delete_data, cancellation=cancellation)

    def __repr__(self) -> str:
        """Return one line for people."""
        return f"<Workbench of {self.stack!r}>"

    def _repr_html_(self) -> str:
        """Return what the workbench works with, for Jupyter; what is missing is said, with the next step."""
        known: list[tuple[str, object]] = [("Target", self.target), ("Stack", self.stack.name)]
        try:
            known += [(name, self.stack.outputs[output]) for name, output in _SHOWN_OUTPUTS.items()]
        except ImageprocError as error:
            return html.pairs("Workbench", known) + html.notes([str(error)])
        return html.pairs("Workbench", known)
