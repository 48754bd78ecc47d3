"""What can go wrong with the local AWS.

::

    LocalAwsError
    ├── StateDirectoryError         the state directory is not ours, or cannot be used
    ├── StartError                  the server did not come up (the message ends with its last log lines)
    ├── StopError                   the server did not go away
    ├── NotRunningError             something was asked of a local AWS that does not run
    └── IncompatibleMiniStackError  the installed MiniStack is not the one that the adapter was written for
"""


class LocalAwsError(Exception):
    """Base of all errors of the local AWS."""


class StateDirectoryError(LocalAwsError):
    """The state directory holds something else, or cannot be written."""


class StartError(LocalAwsError):
    """The server process did not come up."""


class StopError(LocalAwsError):
    """The server process did not go away."""


class NotRunningError(LocalAwsError):
    """The local AWS does not run."""


class IncompatibleMiniStackError(LocalAwsError):
    """The installed MiniStack lacks what the adapter relies on."""
