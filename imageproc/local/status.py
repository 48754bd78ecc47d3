"""What is known about a local AWS, and the session to talk to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from imageproc.errors import NotRunningError
from imageproc.local.state import REGION, Credentials

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True)
class LocalStatus:
    """Where a local AWS stands. All but `running` and `state_dir` is None while it does not run.

    `since` is when it was started, with the local time zone. `recognition` says whether photos get labels,
    and `why_no_recognition` why not, where that is known; `faults`, whether faults can be injected.
    """

    running: bool
    state_dir: Path
    endpoint: str | None = None
    pid: int | None = None
    port: int | None = None
    since: datetime | None = None
    recognition: bool = False
    why_no_recognition: str = ""
    faults: bool = False
    credentials: Credentials | None = field(default=None, repr=False)
    region: str = REGION

    @property
    def client_config(self) -> dict[str, str]:
        """The keyword arguments that make a boto3 client talk to this local AWS.

        Raises:
            NotRunningError: it does not run.
        """
        endpoint, credentials = self._require_running()
        return {
            "endpoint_url": endpoint,
            "aws_access_key_id": credentials.access_key_id,
            "aws_secret_access_key": credentials.secret_access_key,
            "region_name": self.region,
        }

    def session(self) -> boto3.session.Session:
        """Return a session whose clients and resources talk to this local AWS and to nothing else.

        Raises:
            NotRunningError: it does not run.
        """
        endpoint, credentials = self._require_running()
        return _LocalSession(endpoint, credentials, self.region)

    def _require_running(self) -> tuple[str, Credentials]:
        if self.endpoint is None or self.credentials is None:
            raise NotRunningError("The local AWS does not run. Start it with: imageproc local start")
        return self.endpoint, self.credentials


# The user's profile and files are for real accounts: name of the setting, variable, default, converter.
_NO_USER_SETTINGS: dict[str, tuple[None, list[str], str | None, None]] = {
    "profile": (None, [], None, None),
    "config_file": (None, [], os.devnull, None),
    "credentials_file": (None, [], os.devnull, None),
}


class _LocalSession(boto3.session.Session):
    """A session with a fixed endpoint, which boto3 takes from clients, files and the environment only."""

    def __init__(self, endpoint: str, credentials: Credentials, region: str) -> None:
        super().__init__(
            credentials.access_key_id,
            credentials.secret_access_key,
            region_name=region,
            botocore_session=botocore.session.Session(session_vars=_NO_USER_SETTINGS),
        )
        self._endpoint = endpoint

    def client(self, *args: Any, **kwargs: Any) -> Any:
        return super().client(*args, **self._bound(args, kwargs))

    def resource(self, *args: Any, **kwargs: Any) -> Any:
        return super().resource(*args, **self._bound(args, kwargs))

    def _bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        # A proxy from the environment would not find 127.0.0.1 of this machine.
        config = Config(proxies={})
        if "s3" in (*args, kwargs.get("service_name")):
            # For us-east-1 boto3 presigns with Version 2 by default, which new buckets of AWS's do not take.
            config = config.merge(Config(signature_version="s3v4"))
        if kwargs.get("config") is not None:
            config = config.merge(kwargs["config"])
        return {**kwargs, "endpoint_url": self._endpoint, "config": config}
