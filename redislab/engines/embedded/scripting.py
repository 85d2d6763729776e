"""Lua scripts in a sandbox: made of lupa with everything taken away that leads to Python or to files.

A script that runs longer than `LIMIT_S` is stopped, and so is one at Ctrl-C. Without lupa all but
scripting works.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from redislab.core.reply import Kind, Reply
from redislab.engines.embedded import results
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.lua_bytecode import without_tail_calls
from redislab.engines.embedded.lua_source import BOOTSTRAP
from redislab.engines.embedded.results import Fail, Typed

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

LIMIT_S = 5.0
MEMORY_BYTES = 256 << 20
TOO_LONG = (
    f"ERR the script ran longer than {LIMIT_S:g} seconds and was stopped; "
    "what it had written until then is kept"
)
NO_LUA = "ERR scripts need the Python package lupa: pip install lupa"

Answer = tuple[bool, Any]  # failed; the value, or the text of the error


class Scripts:
    """The interpreter of one lab, made at the first script, and what its scripts were."""

    def __init__(self) -> None:
        self.sources: dict[bytes, bytes] = {}  # by the SHA1 that EVALSHA names
        self._runtime: Any = None
        self._compile: Any = None
        self._run: Any = None
        self._client: Client | None = None
        self._read_only = False
        self._resp = 2
        self._until_s = 0.0
        self._raised: BaseException | None = None  # Ctrl-C, caught while Lua ran

    def add(self, source: bytes) -> bytes:
        """Check a script and keep it. Its SHA1; raises Fail."""
        name = hashlib.sha1(source).hexdigest().encode()
        if name not in self.sources:
            self._compiled(_without_shebang(source)[0])
            self.sources[name] = source
        return name

    def run(self, client: Client, name: bytes, keys: list[bytes], args: list[bytes], read_only: bool) -> Any:
        """The result of a kept script. Raises Fail."""
        source, flags = _without_shebang(self.sources[name])
        function = self._compiled(source)
        self._client, self._resp = client, 2
        self._read_only = read_only or b"no-writes" in flags
        self._until_s = time.monotonic() + LIMIT_S
        client.in_script = True
        try:
            table = self._runtime.table_from
            done = self._run(function, table(keys), table(args))
        except Exception as problem:  # lupa's errors: out of memory, above all
            self._runtime = None  # nobody knows what it was left in
            raise Fail(f"ERR the script failed: {_first_line(problem)}") from None
        finally:
            client.in_script = False
            self._client = None
            raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        return self._result(done, name)

    # -- inside ---------------------------------------------------------------------------------

    def _result(self, done: Any, name: bytes) -> Any:
        if not isinstance(done, tuple):
            tokens = list(done.values())
            pairs = iter(zip(tokens[0::2], tokens[1::2], strict=True))
            return _value(pairs, booleans=self._resp == 3)
        _, text, line, raised = done
        if isinstance(raised, BaseException):
            raise raised
        if not text:
            raise Fail(TOO_LONG)
        where = b" script: %b, on @user_script:%d." % (name, line) if line is not None else b""
        raise Fail(text + where)

    def _compiled(self, source: bytes) -> Any:
        self._start()
        compiled = self._compile(source)
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
        }
        for word, work in (
            (b"call", self._call),
            (b"log", _log),
            (b"setresp", self._setresp),
            (b"sha1hex", _sha1hex),
            (b"acl_check_cmd", self._acl_check_cmd),
            (b"bit", _bit),
        ):
            api[word] = self._guarded(work)
        load = self._runtime.eval("loadstring")
        self._compile, self._run = load(BOOTSTRAP, b"=redislab")(self._runtime.table_from(api))

    def _guarded(self, work: Callable[..., Answer]) -> Callable[..., Answer]:
        """No Python exception goes into Lua, where a script could catch it."""

        def guarded(*args: Any) -> Answer:
            try:
                return work(*args)
            except Exception as bug:
                return True, b"ERR redislab's built-in engine failed here (%b)" % type(bug).__name__.encode()
            except BaseException as raised:
                self._raised = raised
                return True, b"ERR interrupted"

        return guarded

    def _must_stop(self) -> bool:
        try:
            return self._raised is not None or time.monotonic() > self._until_s
        except BaseException as raised:  # Ctrl-C arrives while Python code runs, and that is here
            self._raised = raised
            return True

    def _call(self, *args: Any) -> Answer:
        client = self._client
        assert client is not None
        if not args:
            return True, b"ERR Please specify at least one argument for this redis lib call"
        words = []
        for arg in args:
            if type(arg) is bytes:
                words.append(arg)
            elif type(arg) in (int, float):
                words.append(b"%.17g" % arg)
            else:
                return True, b"ERR Lua redis lib command arguments must be strings or integers"
        return self._answered(client, words)

    def _answered(self, client: Client, words: list[bytes]) -> Answer:
        try:
            entry = client.lab.table.find(words)
        except Fail as fail:
            if b"wrong number of arguments" in fail.text:
                return True, b"ERR Wrong number of args calling Redis command from script"
            return True, b"ERR Unknown Redis command called from script"
        if "noscript" in entry.flags:
            return True, b"ERR This Redis command is not allowed from script"
        if self._read_only and entry.writes:
            return True, b"ERR Write commands are not allowed from read-only scripts."
        result = client.call_in_script(entry, words, self._resp)
        single = results.leaf(result, self._resp)
        if single is not None and single.is_error:
            return True, single.text
        return False, self._lua(result)

    def _lua(self, result: Any) -> Any:
        """A result as Lua gets it."""
        table, resp = self._runtime.table_from, self._resp
        single = results.leaf(result, resp)
        if single is not None:
            return self._lua_leaf(single)
        if isinstance(result, dict) and resp == 3:
            fields = table({self._lua(key): self._lua(value) for key, value in result.items()})
            return table({b"map": fields})
        if type(result) is Typed and result.kind is Kind.SET and resp == 3:
            return table({b"set": table({self._lua(value): True for value in result.values})})
        values = results.flat_values(result)
        return table([self._lua(value) for value in values])

    def _lua_leaf(self, reply: Reply) -> Any:
        table, kind = self._runtime.table_from, reply.kind
        if kind is Kind.STATUS or kind is Kind.ERROR:
            return table({b"ok" if kind is Kind.STATUS else b"err": reply.text})
        if kind is Kind.NIL or kind is Kind.NIL_ARRAY:
            return None if self._resp == 3 else False
        if kind is Kind.DOUBLE:
            return table({b"double": float(reply.text)})
        if kind is Kind.BIG_NUMBER:
            return table({b"big_number": reply.text})
        if kind is Kind.VERBATIM:
            fields = table({b"format": reply.format, b"string": reply.text})
            return table({b"verbatim_string": fields})
        return reply.value

    def _setresp(self, *args: Any) -> Answer:
        if len(args) != 1:
            return True, b"ERR redis.setresp() requires one argument."
        if args[0] not in (2, 3):
            return True, b"ERR RESP version must be 2 or 3."
        self._resp = int(args[0])
        return False, None

    def _acl_check_cmd(self, *args: Any) -> Answer:
        client = self._client
        assert client is not None
        words = [arg if type(arg) is bytes else b"%.17g" % arg for arg in args]
        try:
            client.lab.table.find(words)
        except Fail:
            return True, b"ERR Invalid command passed to redis.acl_check_cmd()"
        return False, True


def _refuse(obj: object, name: object, is_setting: bool) -> object:
    """No attribute of any Python object can be read or set from Lua."""
    raise AttributeError("not allowed")


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0]


def _without_shebang(source: bytes) -> tuple[bytes, frozenset[bytes]]:
    """The script with `#!lua flags=…` blanked, so that its lines keep their numbers; and the flags."""
    if not source.startswith(b"#!"):
        return source, frozenset()
    line, newline, rest = source.partition(b"\n")
    if not newline:
        raise Fail(b"ERR Invalid script shebang")
    engine, *options = line.split()
    if engine != b"#!lua":
        raise Fail(b"ERR Unexpected engine in script shebang: " + engine)
    flags: set[bytes] = set()
    for option in options:
        if not option.startswith(b"flags="):
            raise Fail(b"ERR Unknown lua shebang option: " + option)
        flags.update(filter(None, option.removeprefix(b"flags=").split(b",")))
    for flag in flags - _FLAGS:
        raise Fail(b"ERR Unexpected flag in script shebang: " + flag)
    return b"\n" + rest, frozenset(flags)


_FLAGS = frozenset({b"no-writes", b"allow-oom", b"allow-stale", b"no-cluster", b"allow-cross-slot-keys"})


def _value(tokens: Iterator[tuple[bytes, Any]], *, booleans: bool) -> Any:
    """The result of a script from its flat list. Without `booleans`, true is 1 and false is nil."""

    def one() -> Any:
        return _value(tokens, booleans=booleans)

    kind, value = next(tokens)
    if kind == b"$":
        return value
    if kind == b":":
        return _as_int(value)
    if kind == b"*":
        return [one() for _ in range(int(value))]
    if kind == b"%":
        return {_hashable(one()): one() for _ in range(int(value))}
    if kind == b"~":
        return Typed(Kind.SET, [one() for _ in range(int(value))])
    if kind == b",":
        return float(value)
    if kind == b"=":
        name, _, text = value.partition(b":")
        return Reply(Kind.VERBATIM, text, format=name)
    if kind in _REPLIES:
        return Reply(_REPLIES[kind], value)
    if booleans and kind in b"tf":
        return Reply(Kind.BOOLEAN, kind == b"t")
    return 1 if kind == b"t" else None


_REPLIES = {b"-": Kind.ERROR, b"+": Kind.STATUS, b"(": Kind.BIG_NUMBER}


def _hashable(key: Any) -> Any:
    return key if isinstance(key, bytes | int | float | Reply) else repr(key).encode()


def _as_int(value: float) -> int:
    """C's cast of a double to long long."""
    try:
        whole = int(value)
    except (ValueError, OverflowError):
        return -(1 << 63)
    return whole if -(1 << 63) <= whole < 1 << 63 else -(1 << 63)


def _log(*args: Any) -> Answer:
    if len(args) < 2:
        return True, b"ERR redis.log() requires two arguments or more."
    if type(args[0]) not in (int, float):
        return True, b"ERR First argument must be a number (log level)."
    if args[0] not in (0, 1, 2, 3):
        return True, b"ERR Invalid debug level."
    return False, None


def _sha1hex(*args: Any) -> Answer:
    if len(args) != 1:
        return True, b"ERR wrong number of arguments"
    text = args[0] if type(args[0]) is bytes else b"%.14g" % args[0] if args[0] is not None else b""
    return False, hashlib.sha1(text).hexdigest().encode()


def _bit(name: bytes, *args: Any) -> Answer:
    """LuaJIT's bit library: 32 bits with a sign."""
    numbers = []
    for place, arg in enumerate(args, 1):
        number = float(arg) if type(arg) in (int, float, bytes) else None
        if number is None:
            return True, b"bad argument #%d to '%b' (number expected)" % (place, name)
        numbers.append(int(number) & 0xFFFFFFFF)
    if not numbers:
        return True, b"bad argument #1 to '%b' (number expected, got no value)" % name
    first, rest = numbers[0], numbers[1:]
    if name == b"tohex":
        digits = _signed(rest[0]) if rest else 8
        text = b"%08x" % first
        shown = text[-min(abs(digits), 8) :] if digits else b""
        return False, shown.upper() if digits < 0 else shown
    return False, _signed(_BIT[name](first, *rest) & 0xFFFFFFFF)


def _signed(number: int) -> int:
    return number - (1 << 32) if number & 0x80000000 else number


def _rotated(number: int, by: int) -> int:
    by &= 31
    return number << by | number >> (32 - by)


def _folded(work: Callable[[int, int], int]) -> Callable[..., int]:
    def fold(first: int, *rest: int) -> int:
        for number in rest:
            first = work(first, number)
        return first

    return fold


_BIT: dict[bytes, Callable[..., int]] = {
    b"tobit": lambda n: n,
    b"bnot": lambda n: ~n,
    b"band": _folded(lambda a, b: a & b),
    b"bor": _folded(lambda a, b: a | b),
    b"bxor": _folded(lambda a, b: a ^ b),
    b"lshift": lambda n, by: n << (by & 31),
    b"rshift": lambda n, by: n >> (by & 31),
    b"arshift": lambda n, by: _signed(n) >> (by & 31),
    b"rol": _rotated,
    b"ror": lambda n, by: _rotated(n, 32 - (by & 31)),
    b"bswap": lambda n: int.from_bytes(n.to_bytes(4, "big"), "little"),
}
