"""The stack on moto that the client's tests use."""

from tests.client.conftest import backend, session, target

__all__ = ["backend", "session", "target"]
