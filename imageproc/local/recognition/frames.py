"""Messages between the local AWS and its recognition process, on a pair of connected sockets.

A frame is the length of a header and of a body (4 bytes each, big-endian), the header in JSON, and the body.
A pair of sockets has no address: nobody else can connect, and when a side dies the other one knows at once.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket
    from typing import BinaryIO

_LENGTHS = struct.Struct(">II")
_MAX_BYTES = 64 * 1024 * 1024


def send(to: socket.socket, header: dict[str, Any], body: bytes = b"") -> None:
    """Send a frame. One thread at a time may.

    Raises OSError if the other side is gone.
    """
    encoded = json.dumps(header).encode()
    to.sendall(b"".join((_LENGTHS.pack(len(encoded), len(body)), encoded, body)))


def receive(file: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Return the next frame's header and body; None when the other side is gone, in mid-frame too."""
    try:
        lengths = file.read(_LENGTHS.size)
        if len(lengths) < _LENGTHS.size:
            return None
        header_bytes, body_bytes = _LENGTHS.unpack(lengths)
        if header_bytes + body_bytes > _MAX_BYTES:
            return None
        data = file.read(header_bytes + body_bytes)
    except OSError:
        return None
    if len(data) < header_bytes + body_bytes:
        return None
    return json.loads(data[:header_bytes]), data[header_bytes:]
