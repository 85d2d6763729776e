"""What `:set` can change: one table, one object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redislab.errors import UsageError


@dataclass
class Settings:
    """How this shell shows things. `limit`: values of one reply on the screen, 0 for all."""

    limit: int = 1_000
    hints: bool = True
    utf8: bool = False
    explain: str = "brief"
    python: bool = False
    probe: bool = False
    confirm: bool = True


@dataclass(frozen=True)
class Setting:
    """One row: the field of `Settings`, what may follow its name, how that is read, what it does."""

    name: str
    values: str
    read: Callable[[str], object]
    help: str


def _switch(text: str) -> bool:
    if text in ("on", "off"):
        return text == "on"
    raise UsageError(f"on or off is needed, not {text!r}")


def _amount(text: str) -> str:
    if text in ("off", "brief", "full"):
        return text
    raise UsageError(f"off, brief or full is needed, not {text!r}")


def _limit(text: str) -> int:
    if text == "off":
        return 0
    if text.isascii() and text.isdigit() and 0 < len(text) <= 12:
        return int(text)
    raise UsageError(f"a number of values is needed, or off, not {text!r}")


TABLE = (
    Setting("limit", "N|off", _limit, "how many values of one reply are shown"),
    Setting("explain", "off|brief|full", _amount, "say what each command did, and what helps"),
    Setting("python", "on|off", _switch, "show each command as the redis-py call that sends it"),
    Setting(
        "probe",
        "on|off",
        _switch,
        "look at keys beside your commands on a server too",
    ),
    Setting("confirm", "on|off", _switch, "ask before a command that deletes everything, or stops a server"),
    Setting("hints", "on|off", _switch, "show the syntax behind a command as it is typed"),
    Setting("utf8", "on|off", _switch, "show é as é, not as the \\xc3\\xa9 that redis-cli prints"),
)
_BY_NAME = {setting.name: setting for setting in TABLE}


def change(settings: Settings, words: Sequence[str]) -> None:
    """`limit 50`, `utf8 on`; a switch alone means on, and with `no` before it off, as in redis-cli.

    Raises UsageError with one line.
    """
    name, *values = [word.lower() for word in words]
    setting = _BY_NAME.get(name)
    if setting is None and (switch := _BY_NAME.get(name.removeprefix("no"))) is not None and not values:
        setting, values = switch, ["off"]
    if setting is None:
        known = ", ".join(_BY_NAME)
        raise UsageError(f"there is no setting {words[0]!r}; there are: {known}")
    if not values and setting.read is _switch:
        values = ["on"]
    if len(values) != 1:
        raise UsageError(f"this is how it is written: :set {setting.name} {setting.values}")
    setattr(settings, setting.name, setting.read(values[0]))


def shown(settings: Settings, setting: Setting) -> str:
    """A setting's value as it would be typed."""
    value = getattr(settings, setting.name)
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value else "off"
