"""Where the stack is: the local AWS or an account of AWS."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from imageproc.aws.translation import GONE_CODES, from_botocore
from imageproc.client.defaults import AWS, DEFAULT_STACK, LOCAL
from imageproc.client.listeners import Listeners
from imageproc.client.quick_items import read_items_quickly
from imageproc.errors import TargetError

if TYPE_CHECKING:
    from imageproc.local import LocalAws

__all__ = ["AWS", "DEFAULT_STACK", "LOCAL", "Target", "known_profiles", "local_aws", "open_target"]

# Tries of one call, with the SDK's growing waits between them. A local AWS answers or is not there.
_ATTEMPTS = {LOCAL: 2, AWS: 5}

_FILES = ("shared-credentials-file", "config-file")
"""Where botocore says that fixed credentials of a profile are from."""

_SIGNER = "s3, for browsers"

_OF_STACKS = ("s3", "dynamodb", "stepfunctions")
"""Services of the resources that a stack's outputs name."""


@dataclass(frozen=True, repr=False)
class Target:
    """An account and a region, and how to reach them. Hands out boto3 clients, each made once."""

    name: str
    """`local` or `aws`."""
    session: boto3.Session
    endpoint_url: str | None = None
    profile: str | None = None
    state_dir: Path | None = None
    """Where the local AWS keeps its state."""
    gone: Listeners = field(default_factory=Listeners, repr=False, compare=False)
    """Are called when AWS says that a bucket, a table or a state machine is not there."""
    _clients: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @classmethod
    def local(cls, state_dir: Path | None = None) -> Target:
        """Return the local AWS that runs. Raises TargetError if none does, or it is not installed."""
        found = local_aws(state_dir).status()
        if not found.running:
            raise TargetError("The local AWS does not run.", "Start it with: imageproc local start")
        return cls(LOCAL, found.session(), found.endpoint, state_dir=found.state_dir)

    @classmethod
    def aws(cls, profile: str | None = None, region: str | None = None) -> Target:
        """Return an account of AWS. Raises AwsError for an unknown profile, TargetError without a region."""
        try:
            session = boto3.Session(profile_name=profile, region_name=region)
        except BotoCoreError as error:
            raise from_botocore(error, "Opening the AWS session") from error
        if not session.region_name:
            raise TargetError(
                "No region is set.", "Give --region, or set AWS_REGION or the profile's region."
            )
        return cls(AWS, session, profile=profile)

    @property
    def region(self) -> str:
        """The region's name."""
        return self.session.region_name

    @property
    def is_local(self) -> bool:
        """Whether this is the local AWS, where nothing costs money."""
        return self.name == LOCAL

    @property
    def is_recovering(self) -> bool:
        """Whether photos that an unclean stop of the local AWS cut off are still to be started again."""
        return self.state_dir is not None and local_aws(self.state_dir).is_unclean()

    @cached_property
    def account(self) -> str:
        """The account's twelve digits. Asks AWS once."""
        try:
            return cast("str", self.client("sts").get_caller_identity()["Account"])
        except Exception as error:
            raise from_botocore(error, "Asking whose account this is") from error

    def client(self, service: str, /) -> Any:
        """Return the client of a service. Clients may be used by many threads; making them may not."""
        with self._lock:
            if service not in self._clients:
                make = cast("Any", self.session.client)
                made = make(service, endpoint_url=self.endpoint_url, config=self._config())
                if service == "dynamodb":
                    read_items_quickly(made)
                if service in _OF_STACKS:
                    made.meta.events.register("after-call", self._note_gone)
                self._clients[service] = made
            return self._clients[service]

    def signer(self) -> Any:
        """Return the S3 client whose presigned requests a browser can send: SigV4, at the region's endpoint.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
        """
        with self._lock:
            if _SIGNER not in self._clients:
                make = cast("Any", self.session.client)
                style: Any = {
                    "addressing_style": "path" if self.endpoint_url else "virtual",
                    "us_east_1_regional_endpoint": "regional",
                }
                config = self._config().merge(Config(signature_version="s3v4", s3=style))
                self._clients[_SIGNER] = make("s3", endpoint_url=self.endpoint_url, config=config)
            return self._clients[_SIGNER]

    def reread_credentials(self) -> None:
        """Take the session credentials that the profile's file has now; clients that exist use them, too.

        Those that renew themselves, roles and single sign-on, and those from elsewhere stay as they are.
        """
        held = self.session.get_credentials()
        if type(held) is not Credentials or held.method not in _FILES:
            return
        with suppress(BotoCoreError):
            now = boto3.Session(profile_name=self.session.profile_name).get_credentials()
            if type(now) is Credentials:
                held.access_key, held.secret_key, held.token = now.access_key, now.secret_key, now.token

    def _note_gone(self, parsed: dict[str, Any], **_: Any) -> None:
        """Tell it: botocore calls this with each answer."""
        if parsed.get("Error", {}).get("Code") in GONE_CODES:
            self.gone.tell()

    def _config(self) -> Config:
        # Uploads run on many threads at once, each with its own connection.
        retries: Any = {"mode": "standard", "total_max_attempts": _ATTEMPTS[self.name]}
        return Config(max_pool_connections=32, retries=retries)

    def __repr__(self) -> str:
        """Return one line for people. Asks nothing."""
        where = self.endpoint_url or self.region
        return f"<Target {self.name}, {where}{f', profile {self.profile}' if self.profile else ''}>"

    def __str__(self) -> str:
        """Return one line for people: what, which account, which region."""
        if self.is_local:
            return f"the local AWS at {self.endpoint_url}"
        profile = f", profile {self.profile}" if self.profile else ""
        return f"AWS account {self.account} in {self.region}{profile}"


def local_aws(state_dir: Path | None = None) -> LocalAws:
    """Return the local AWS of a state directory, by default the user's. Raises TargetError without it."""
    try:
        from imageproc.local import LocalAws
    except ImportError as error:
        raise TargetError(
            "The local AWS is not installed.", "pip install 'imageproc[local]', or use --target aws."
        ) from error
    return LocalAws(state_dir)


def known_profiles() -> list[str]:
    """Return the AWS profiles of this user; none if their file cannot be read."""
    try:
        return boto3.Session().available_profiles
    except BotoCoreError:
        return []


def open_target(name: str | None = None, profile: str | None = None, region: str | None = None) -> Target:
    """Return the target of that name; by default what `IMAGEPROC_TARGET` says, else the local AWS.

    Raises TargetError, and AwsError for AWS's own refusals.
    """
    chosen = name or os.environ.get("IMAGEPROC_TARGET") or LOCAL
    if chosen == LOCAL:
        return Target.local()
    if chosen == AWS:
        return Target.aws(profile, region)
    raise TargetError(f"{chosen!r} is not a target.", f"Choose {LOCAL} or {AWS}.")
