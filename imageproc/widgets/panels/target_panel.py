"""Choosing the target; its account and region are shown before anything is done there."""

from __future__ import annotations

from collections.abc import Callable

from imageproc import Cancellation, Workbench
from imageproc.client.recovery import UNCLEAN
from imageproc.client.target import AWS, DEFAULT_STACK, LOCAL, known_profiles
from imageproc.widgets.panels import fields
from imageproc.widgets.panels.panel import Panel
from imageproc.widgets.tones import Tone

_OPENING = "Opening the target..."
_TARGETS = (("This machine (local AWS)", LOCAL), ("AWS account", AWS))


class TargetPanel(Panel):
    """Opens a `Workbench`: on the local AWS, which is started if need be, or on AWS by profile and region."""

    def __init__(
        self, target: str = LOCAL, profile: str = "", region: str = "", stack_name: str = DEFAULT_STACK
    ) -> None:
        """Offer these values; nothing is opened before `connect`."""
        self.target = fields.choice("Target", _TARGETS, target)
        self.profile = fields.choice("Profile", _profiles(profile), profile)
        self.region = fields.text("Region", region, "the profile's own")
        self.stack_name = fields.text("Stack", stack_name)
        self.open_button = fields.button("Open", self.connect, "primary")
        self.change_button = fields.button("Change", lambda: fields.set_visible(self.choices, True))
        self.workbench: Workbench | None = None
        self._listeners: list[Callable[[Workbench], object]] = []
        self.target.observe(lambda _: self._arrange(), "value")
        self.choices = fields.row(self.target, self.profile, self.region, self.stack_name, self.open_button)
        super().__init__(self.choices, beside=[self.change_button])
        fields.set_visible(self.change_button, False)
        self._arrange()

    def on_open(self, listener: Callable[[Workbench], object]) -> None:
        """Call this with each workbench that is opened, in the panel's thread."""
        self._listeners.append(listener)

    def connect(self) -> None:
        """Open the chosen target, and show how that went."""
        self.start_if_idle(self._open, _OPENING)

    async def opened(self, timeout_s: float = 120.0, *, deployed: bool = False) -> Workbench:
        """Open the chosen target, and return its workbench.

        Raises TargetError, AwsError, TimeoutError; if `deployed`, StackMissingError where there is no stack.
        """
        self.start(self._open, _OPENING)
        await self.finished(timeout_s)
        assert self.workbench  # noqa: S101 - the job has set it
        if deployed:
            _ = self.workbench.stack.outputs
        return self.workbench

    def _open(self, _: Cancellation) -> Workbench:
        healed: list[str] = []

        def notify(line: str) -> None:
            self.say(line, Tone.RUNNING)
            healed.extend([line] if line.startswith(UNCLEAN) else [])

        workbench = Workbench.open(
            self.target.value,
            profile=self.profile.value,
            region=self.region.value.strip(),
            stack_name=self.stack_name.value.strip() or DEFAULT_STACK,
            notify=notify,
        )
        described = _described(workbench)
        self.workbench = workbench
        for listener in self._listeners:
            listener(workbench)
        self.say(" ".join([described, *healed]), Tone.INFO)  # whether there is a stack is not known here
        fields.set_visible(self.choices, False)
        fields.set_visible(self.change_button, True)
        return workbench

    def _arrange(self) -> None:
        """Show the fields of the chosen target."""
        for widget in (self.profile, self.region):
            fields.set_visible(widget, self.target.value == AWS)


def _described(workbench: Workbench) -> str:
    """Return a sentence with account and region. Asks AWS for the account."""
    target = workbench.target
    where = "the local AWS" if target.is_local else "AWS"
    cost = "Nothing costs money there." if target.is_local else "What runs there costs money."
    whose = f"account {target.account}, region {target.region}"
    return f"Stack {workbench.stack.name} in {where}, {whose}. {cost}"


def _profiles(chosen: str) -> list[tuple[str, str]]:
    names = dict.fromkeys([*known_profiles(), *([chosen] if chosen else [])])
    return [("(default)", ""), *((name, name) for name in names)]
