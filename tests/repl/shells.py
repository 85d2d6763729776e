"""A shell in this process: real engines, keys from a pipe, no screen but the bytes it writes."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from redislab.app import Place
from redislab.assist.knowledge import Knowledge
from redislab.core.engine import Engine
from redislab.engines.target import Target
from redislab.errors import ExitCode
from redislab.render.plain import Format, Layout
from redislab.repl.shell import run_shell
from redislab.streams import Streams

CTRL_C, CTRL_D, CTRL_R, ALT_ENTER, TAB = "\x03", "\x04", "\x12", "\x1b\r", "\t"


def knowledge(engine: Engine, *, may_look: bool = True) -> Knowledge:
    """What a shell on this engine knows of it."""
    return Knowledge(lambda: (engine, 0), lambda: may_look)


def pasted(text: str) -> str:
    """What a terminal sends for a paste."""
    return f"\x1b[200~{text}\x1b[201~"


@dataclass
class Typed:
    """What came of some keys."""

    code: ExitCode
    shown: str


@dataclass
class Shell:
    """Runs a shell for each `type`; the environment is what it is given here, and nothing else."""

    place: Place = field(default_factory=Place)
    environ: dict[str, str] = field(
        default_factory=lambda: {"REDISLAB_HISTORY": "/dev/null", "NO_COLOR": "1"}
    )
    format: Format = Format.STANDARD
    explain: str = "off"  # what `:set explain` is told before the keys

    @classmethod
    def on(cls, port: int, **wishes: object) -> Shell:
        target = Target(port=port, **wishes)  # type: ignore[arg-type]
        return cls(Place(target=target, protocol=target.protocol))

    def type(self, *keys: str) -> Typed:
        """Press keys, Enter after each text, then Ctrl-D."""
        out = io.BytesIO()
        streams = Streams(io.BytesIO(), out, io.BytesIO(), True, True, self.environ)
        with create_pipe_input() as pipe:
            lines = (f":set explain {self.explain}", *keys)
            pipe.send_text("".join(f"{each}\r" for each in lines) + CTRL_D)
            code = run_shell(
                self.place, streams, Layout(self.format, for_terminal=True), input=pipe, output=DummyOutput()
            )
        return Typed(code, out.getvalue().decode())

    def answers(self, *keys: str) -> list[str]:
        """The lines that a shell wrote after its welcome."""
        shown = self.type(*keys).shown.splitlines()
        return shown[1:] if self.place.embedded else shown
