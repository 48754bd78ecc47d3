"""The stack of the flow tests serves here, too."""

from tests.flow.conftest import backend, fresh

__all__ = ["backend", "fresh"]
