"""Where function processes find Rekognition locally. There is none yet.

`start` is called by the server before anything else runs, with the URL of the local AWS, and `stop` after the
last function process has ended: the place for a recognition process that lives as long as the local AWS.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recognition:
    """A Rekognition endpoint. `endpoint` is its URL, for `AWS_ENDPOINT_URL_REKOGNITION`."""

    endpoint: str
    available: bool

    def stop(self) -> None:
        """End what `start` started."""


def start(local_aws: str) -> Recognition:
    """Return where DetectLabels is to be asked for.

    Without a recognition process that is the local AWS itself, whose gateway answers at once that recognition
    is unavailable; a closed port would cost the SDK's retries and their waits, seconds for each photo.
    """
    return Recognition(endpoint=local_aws, available=False)
