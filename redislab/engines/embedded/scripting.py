"""Lua in a sandbox: made of lupa with everything taken away that leads to Python or to files.

A script that runs long makes the lab busy: other clients are told so, and may end it as long as it has
written nothing. Where nobody else is there to do that, it is stopped after `LIMIT_S`; Ctrl-C stops it
at any time. Without lupa all but scripting works.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redislab.engines.embedded import lua_host, lua_struct, lua_values, results
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.lua_bytecode import without_tail_calls
from redislab.engines.embedded.lua_host import Answer
from redislab.engines.embedded.lua_msgpack import MessagePack
from redislab.engines.embedded.lua_shebang import without_shebang
from redislab.engines.embedded.lua_source import BOOTSTRAP
from redislab.engines.embedded.memory import OOM
from redislab.engines.embedded.results import Fail

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

LIMIT_S = 5.0
LOAD_LIMIT_S = 0.5  # FUNCTION LOAD only registers functions
LOOK_EVERY_S = 0.01  # so often a busy script lets the others speak
MEMORY_BYTES = 256 << 20
TOO_LONG = (
    f"ERR the script ran longer than {LIMIT_S:g} seconds and was stopped; "
    "what it had written until then is kept"
)
LOAD_TOO_LONG = b"ERR Error registering functions: FUNCTION LOAD timeout"
KILLED = b"ERR Script killed by user with SCRIPT KILL..."
NO_LUA = "ERR scripts need the Python package lupa: pip install lupa"
BUSY = b"BUSY Redis is busy running a script. You can only call %b KILL or SHUTDOWN NOSAVE."
NOT_BUSY = b"NOTBUSY No scripts in execution right now."
UNKILLABLE = (
    b"UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait "
    b"the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command."
)
RO_WITH_WRITES = b"ERR Can not execute a script with write flag using *_ro command."


@dataclass
class Running:
    """A script under way. `attended`: another client is there, which could end it."""

    client: Client
    name: bytes  # a script's SHA1, a function's name
    words: Sequence[bytes]
    is_function: bool = False
    read_only: bool = False
    allow_oom: bool = False
    limit_s: float = 0.0
    began_s: float = field(default_factory=time.monotonic)
    resp: int = 2
    wrote: bool = False
    attended: bool = False
    stopped: bool = False  # somebody has ended it
    raised: BaseException | None = None  # Ctrl-C, caught while Lua ran
    look_s: float = 0.0

    @property
    def lasted_s(self) -> float:
        return time.monotonic() - self.began_s

    @property
    def threshold_s(self) -> float:
        """After it the others are told that the lab is busy; 0 in the settings: never."""
        return self.client.lab.settings.number("busy-reply-threshold") / 1000 or float("inf")

    @property
    def is_busy(self) -> bool:
        return self.lasted_s >= self.threshold_s

    @property
    def busy_text(self) -> bytes:
        return BUSY % (b"FUNCTION" if self.is_function else b"SCRIPT")

    def must_stop(self) -> bool:
        """Asked every so many instructions."""
        if self.raised is not None or self.stopped:
            return True
        now_s = time.monotonic()
        if now_s < self.look_s:
            return False
        self.look_s = now_s + LOOK_EVERY_S
        pump = self.client.lab.while_script_runs
        if pump is not None and self.is_busy:
            pump()
        alone = not self.attended and pump is None
        return self.stopped or (alone and now_s > self.began_s + self.limit_s)


class Scripts:
    """The interpreter of one lab, made at the first script, and what its scripts were."""

    def __init__(self) -> None:
        self.sources: dict[bytes, bytes] = {}  # by the SHA1 that EVALSHA names
        self.running: Running | None = None
        self.restarts = 0  # of the interpreter: what was made in an earlier one is gone
        self._runtime: Any = None
        self._lua: dict[bytes, Any] = {}  # what BOOTSTRAP gives: compile, run, load

    def add(self, source: bytes) -> bytes:
        """Check a script and keep it. Its SHA1; raises Fail."""
        name = hashlib.sha1(source).hexdigest().encode()
        if name not in self.sources:
            self._compiled(without_shebang(source)[0])
            self.sources[name] = source
        return name

    def run(
        self, client: Client, name: bytes, keys: list[bytes], args: list[bytes], words: list[bytes]
    ) -> Any:
        """The result of a kept script. Raises Fail."""
        source, flags = without_shebang(self.sources[name])
        read_only = words[0].upper().endswith(b"_RO")
        if flags is not None and read_only and b"no-writes" not in flags:
            raise Fail(RO_WITH_WRITES)
        function = self._compiled(source)
        running = Running(client, name, words, read_only=read_only)
        return self._run(running, function, keys, args, flags)

    def load(self, client: Client, source: bytes) -> list[tuple[bytes, Any, list[bytes], bytes | None]]:
        """Run a library once: the functions it registers (name, function, flags, description)."""
        self._start()
        running = Running(client, b"", [b"FUNCTION", b"LOAD"], is_function=True, limit_s=LOAD_LIMIT_S)
        done = self._guarded_run(running, lambda: self._lua[b"load"](source))
        if isinstance(done, tuple):
            _, text, _, raised = done
            if isinstance(raised, BaseException):
                raise raised
            raise Fail(b"ERR " + text if text else LOAD_TOO_LONG)
        return [
            (each[b"name"], each[b"callback"], list((each[b"flags"] or {}).values()), each[b"description"])
            for each in done.values()
        ]

    def run_function(
        self,
        client: Client,
        name: bytes,
        function: Any,
        keys: list[bytes],
        args: list[bytes],
        words: list[bytes],
        flags: Collection[bytes],
    ) -> Any:
        """The result of a function that `load` gave. Raises Fail."""
        return self._run(Running(client, name, words, is_function=True), function, keys, args, flags)

    @property
    def is_busy(self) -> bool:
        """Whether a script runs for so long that others are told so. May be asked by any thread."""
        running = self.running
        return running is not None and running.is_busy

    def attend(self) -> None:
        """Another client waits for the script that runs: it may end it. May be called by any thread."""
        running = self.running
        if running is not None:
            running.attended = True

    def started(self) -> int:
        """Start the interpreter if need be; how often that was done."""
        self._start()
        return self.restarts

    def only_reads(self, words: list[bytes]) -> bool:
        """Whether an EVAL or EVALSHA says of itself, by its first line, that it writes nothing."""
        is_source = words[0].upper().startswith(b"EVAL") and not words[0].upper().startswith(b"EVALSHA")
        source = words[1] if is_source else self.sources.get(words[1].lower(), b"")
        try:
            flags = without_shebang(source)[1]
        except Fail:
            return False
        return flags is not None and b"no-writes" in flags

    def kill(self, *, is_function: bool) -> None:
        """SCRIPT KILL, FUNCTION KILL. Raises Fail."""
        running = self.running
        if running is None:
            raise Fail(NOT_BUSY)
        if running.is_function is not is_function:
            raise Fail(running.busy_text)
        if running.wrote:
            raise Fail(UNKILLABLE)
        running.stopped = True

    # -- inside ---------------------------------------------------------------------------------

    def _run(
        self,
        running: Running,
        function: Any,
        keys: list[bytes],
        args: list[bytes],
        flags: Collection[bytes] | None,
    ) -> Any:
        """`flags`: what it says of itself; None: it says nothing, and each command is looked at alone."""
        table = self._runtime.table_from
        running.read_only = running.read_only or b"no-writes" in (flags or ())
        running.allow_oom = b"allow-oom" in (flags or ())
        if flags is not None and running.client.lab.memory.full:
            if not (running.read_only or running.allow_oom):
                raise Fail(OOM)
        running.limit_s = LIMIT_S
        done = self._guarded_run(
            running,
            lambda: self._lua[b"run"](function, table(keys), table(args), running.is_function),
        )
        return _result(done, running)

    def _guarded_run(self, running: Running, work: Callable[[], Any]) -> Any:
        client = running.client
        number = client.db_number
        self.running = running
        client.in_script = True
        try:
            done = work()
        except Exception as problem:  # lupa's errors: out of memory, above all
            self._runtime = None  # nobody knows what it was left in
            raise Fail(f"ERR the script failed: {_first_line(problem)}") from None
        finally:
            client.in_script = False
            self.running = None
            client.select(number)  # SELECT in a script is the script's own
        if running.raised is not None:
            raise running.raised
        return done

    def _compiled(self, source: bytes) -> Any:
        self._start()
        compiled = self._lua[b"compile"](source)
        if isinstance(compiled, tuple):
            raise Fail(b"ERR Error compiling script (new function): " + compiled[1])
        return compiled

    def _start(self) -> None:
        if self._runtime is not None:
            return
        try:
            import lupa.lua51 as lua
        except ImportError:
            raise Fail(NO_LUA) from None
        self.restarts += 1
        self._runtime = lua.LuaRuntime(
            encoding=None,
            register_eval=False,
            register_builtins=False,
            unpack_returned_tuples=True,
            attribute_filter=_refuse,
            max_memory=MEMORY_BYTES,
        )
        number = VERSION[0] << 16 | VERSION[1] << 8 | VERSION[2]
        api = {
            b"version": ".".join(map(str, VERSION)).encode(),
            b"version_number": number,
            b"must_stop": self._must_stop,
            b"without_tail_calls": without_tail_calls,
            b"listed": _listed,
        }
        packer = MessagePack(lua.lua_type, self._runtime.table_from)
        for word, work in (
            (b"call", self._call),
            (b"log", lua_host.log),
            (b"setresp", self._setresp),
            (b"sha1hex", lua_host.sha1hex),
            (b"acl_check_cmd", self._acl_check_cmd),
            (b"bit", lua_host.bit),
            (b"struct", self._several(lua_struct.call)),
            (b"cmsgpack", packer.call),
        ):
            api[word] = self._guarded(work)
        load = self._runtime.eval("loadstring")
        self._lua = dict(load(BOOTSTRAP, b"=redislab")(self._runtime.table_from(api)).items())

    def _several(self, work: Callable[..., Answer]) -> Callable[..., Answer]:
        """Several values go into Lua as a table and their number."""

        def tabled(*args: Any) -> Answer:
            answer = work(*args)
            if len(answer) < 3:
                return answer
            return False, self._runtime.table_from(answer[1]), answer[2]

        return tabled

    def _guarded(self, work: Callable[..., Answer]) -> Callable[..., Answer]:
        """No Python exception goes into Lua, where a script could catch it."""

        def guarded(*args: Any) -> Answer:
            try:
                return work(*args)
            except Exception as bug:
                return True, b"ERR redislab's built-in engine failed here (%b)" % type(bug).__name__.encode()
            except BaseException as raised:
                self._running().raised = raised
                return True, b"ERR interrupted"

        return guarded

    def _running(self) -> Running:
        assert self.running is not None
        return self.running

    def _must_stop(self) -> bool:
        running = self._running()
        try:
            return running.must_stop()
        except BaseException as raised:  # Ctrl-C arrives while Python code runs, and that is here
            running.raised = raised
            return True

    def _call(self, *args: Any) -> Answer:
        words = _words(args)
        if isinstance(words, bytes):
            return True, words
        failed, value = self._answered(self._running(), words)
        return failed, value, failed

    def _answered(self, running: Running, words: list[bytes]) -> Answer:
        client = running.client
        try:
            entry = client.lab.table.look_up(words)
        except Fail:
            return True, b"ERR Unknown Redis command called from script"
        if not entry.takes(len(words)):
            client.lab.stats.of(entry.full_name).rejected += 1
            return True, b"ERR Wrong number of args calling Redis command from script"
        if "noscript" in entry.flags:
            return True, b"ERR This Redis command is not allowed from script"
        refused = client.lab.users.refused_in_script(client, entry, words)
        if refused is not None:
            return True, refused.encode()
        if running.read_only and entry.is_told_to_replicas:
            return True, b"ERR Write commands are not allowed from read-only scripts."
        may_grow = running.allow_oom or running.wrote
        if client.lab.memory.full and "denyoom" in entry.flags and not may_grow:
            return True, OOM
        running.wrote = running.wrote or entry.writes
        result = client.call_in_script(entry, words, running.resp)
        single = results.leaf(result, running.resp)
        if single is not None and single.is_error:
            return True, single.text
        return False, lua_values.to_lua(result, running.resp, self._runtime.table_from)

    def _setresp(self, *args: Any) -> Answer:
        if len(args) != 1:
            return True, b"ERR redis.setresp() requires one argument."
        if args[0] not in (2, 3):
            return True, b"ERR RESP version must be 2 or 3."
        self._running().resp = int(args[0])
        return False, None

    def _acl_check_cmd(self, *args: Any) -> Answer:
        words = _words(args)
        if isinstance(words, bytes):
            return True, words
        client = self._running().client
        try:
            entry = client.lab.table.look_up(words)
        except Fail:
            return True, b"ERR Invalid command passed to redis.acl_check_cmd()"
        return False, client.account.refusal(entry, words) is None


def _words(args: tuple[Any, ...]) -> list[bytes] | bytes:
    """A command that a script gave; or the text of the error."""
    if not args:
        return b"ERR Please specify at least one argument for this redis lib call"
    words = [lua_host.number_text(arg, 17) if type(arg) in (int, float) else arg for arg in args]
    if not all(type(word) is bytes for word in words):
        return b"ERR Lua redis lib command arguments must be strings or integers"
    return words


def _refuse(obj: object, name: object, is_setting: bool) -> object:
    """No attribute of any Python object can be read or set from Lua."""
    raise AttributeError("not allowed")


def _listed(work: Callable[..., Answer], args: Any, count: int) -> Answer:
    """Call with the first `count` items of a Lua table."""
    return work(*(args[place] for place in range(1, count + 1)))


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0]


def _result(done: Any, running: Running) -> Any:
    """What the script gave. Raises Fail."""
    if not isinstance(done, tuple):
        tokens = list(done.values())
        pairs = iter(zip(tokens[0::2], tokens[1::2], strict=True))
        return lua_values.from_lua(pairs, booleans=running.resp == 3)
    _, text, line, raised = done
    if isinstance(raised, BaseException):
        raise raised
    if isinstance(raised, bytes):  # the interpreter's own, on the way to Python
        raise Fail(b"ERR the script failed: " + raised)
    if not text:
        if not running.stopped:
            raise Fail(TOO_LONG)
        text = KILLED
    chunk = b"user_function" if running.is_function else b"user_script"
    where = b" script: %b, on @%b:%d." % (running.name, chunk, line) if line is not None else b""
    raise Fail(text + where)
