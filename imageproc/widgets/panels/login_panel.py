"""Log-in by user name, as in the original's test web app: it selects albums and authenticates nobody."""

from __future__ import annotations

from collections.abc import Callable

from imageproc.client.users import check_user
from imageproc.errors import UploadError
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

_WHAT_FOR = "A user name tells whose albums to show. It is not a password: anyone may use any name."


class LoginPanel(Panel):
    """Asks for a user name; `user` is empty until there is one."""

    def __init__(self, user: str = "") -> None:
        """Offer this name."""
        self.name = fields.text("User name", user, "for example ann")
        self.login_button = fields.button("Log in", self.log_in, "primary")
        self.user = ""
        self._listeners: list[Callable[[str], object]] = []
        self.name.on_enter(self.log_in)
        super().__init__(fields.row(self.name, self.login_button))
        self.say(_WHAT_FOR)

    def on_login(self, listener: Callable[[str], object]) -> None:
        """Call this with each name that logs in."""
        self._listeners.append(listener)

    def offer(self, user: str) -> None:
        """Have this name in the field, unless it is empty."""
        if user:
            update(self.name, value=user)

    def say_problem(self, text: str) -> None:
        """Say why nobody got in; with an empty text, what a user name is for. Log in tries again."""
        self.say(text or _WHAT_FOR, Tone.ERROR if text else Tone.INFO)

    def log_in(self) -> None:
        """Log in with the name in the field, or show what is wrong with it."""
        name = self.name.value.strip()
        try:
            check_user(name)
        except UploadError as error:
            self.say(str(error) if name else "Enter a user name first.", Tone.ERROR)
            return
        self.user = name
        self.say(f"Logged in as {name}.", Tone.SUCCESS)
        for listener in self._listeners:
            listener(name)
