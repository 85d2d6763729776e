"""What a piece of text is: the one list that highlighting, views and colours share."""

from __future__ import annotations

from enum import Enum


class Role(Enum):
    """What a piece of text is. The value is the word that styles are named after."""

    TEXT = "text"
    STRONG = "strong"
    DIM = "dim"
    HEADING = "heading"
    COMMAND = "command"
    SUBCOMMAND = "subcommand"
    KEY = "key"
    TOKEN = "token"  # an option's own word: NX, EX, LIMIT
    NUMBER = "number"
    VALUE = "value"
    UNKNOWN = "unknown"  # the name of no command
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    REMEDY = "remedy"
