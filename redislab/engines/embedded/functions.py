"""Libraries of functions: what FUNCTION LOAD keeps and FCALL runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from redislab.core.words import split
from redislab.engines.embedded.results import Fail
from redislab.engines.embedded.scripting import RO_WITH_WRITES, Scripts
from redislab.errors import InvalidLine

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

_NAME = re.compile(rb"[A-Za-z0-9_]+").fullmatch
_BAD_NAME = (
    b"ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one "
    b"character long"
)


@dataclass
class Function:
    name: bytes
    callback: Any  # a function of the interpreter
    flags: list[bytes]
    description: bytes | None


@dataclass
class Library:
    name: bytes
    code: bytes
    functions: dict[bytes, Function] = field(default_factory=dict)


class Functions:
    """The libraries of one lab."""

    def __init__(self, scripts: Scripts) -> None:
        self.libraries: dict[bytes, Library] = {}
        self._scripts = scripts
        self._made_in = 0  # which start of the interpreter

    @property
    def count(self) -> int:
        """Of all libraries."""
        return sum(len(library.functions) for library in self.libraries.values())

    def load(self, client: Client, code: bytes, *, replace: bool) -> bytes:
        """Keep a library; its name. Raises Fail, and then nothing has changed."""
        self._revive(client)
        name, body = _metadata(code)
        old = self.libraries.get(name)
        if old is not None and not replace:
            raise Fail(b"ERR Library '%b' already exists" % name)
        library = self._made(client, name, code, body)
        others = [other for other in self.libraries.values() if other is not old]
        taken = {each.lower() for other in others for each in other.functions}
        for each in library.functions:
            if each.lower() in taken:
                raise Fail(b"ERR Function %b already exists" % each)
        self.libraries[name] = library
        return name

    def restore(self, client: Client, codes: list[bytes], policy: bytes) -> None:
        """Load libraries, all or none. Raises Fail. `policy`: APPEND, REPLACE or FLUSH."""
        before = dict(self.libraries)
        if policy == b"APPEND":
            for name in (_metadata(code)[0] for code in codes):
                if name in before:
                    raise Fail(b"ERR Library %b already exists" % name)
        if policy == b"FLUSH":
            self.libraries.clear()
        try:
            for code in codes:
                self.load(client, code, replace=policy == b"REPLACE")
        except Fail:
            self.libraries = before
            raise

    def delete(self, name: bytes) -> None:
        if self.libraries.pop(name, None) is None:
            raise Fail(b"ERR Library not found")

    def find(self, name: bytes) -> Function | None:
        """In any case of its letters."""
        wanted = name.lower()
        for library in self.libraries.values():
            for function in library.functions.values():
                if function.name.lower() == wanted:
                    return function
        return None

    def call(
        self, client: Client, name: bytes, keys: list[bytes], args: list[bytes], words: list[bytes]
    ) -> Any:
        """FCALL and FCALL_RO. Raises Fail."""
        self._revive(client)
        function = self.find(name)
        assert function is not None
        if words[0].upper().endswith(b"_RO") and b"no-writes" not in function.flags:
            raise Fail(RO_WITH_WRITES)
        return self._scripts.run_function(client, name, function.callback, keys, args, words, function.flags)

    # -- inside ---------------------------------------------------------------------------------

    def _made(self, client: Client, name: bytes, code: bytes, body: bytes) -> Library:
        found = [Function(*each) for each in self._scripts.load(client, body)]
        self._made_in = self._scripts.restarts
        if not found:
            raise Fail(b"ERR No functions registered")
        return Library(name, code, {function.name: function for function in found})

    def _revive(self, client: Client) -> None:
        """After the interpreter was ended (a script took all its memory), make every library anew."""
        if self._made_in == self._scripts.started():
            return
        for library in self.libraries.values():
            self.libraries[library.name] = self._made(
                client, library.name, library.code, _metadata(library.code)[1]
            )


def _metadata(code: bytes) -> tuple[bytes, bytes]:
    """The library's name, and the code with its first line blanked. Raises Fail."""
    if not code.startswith(b"#!"):
        raise Fail(b"ERR Missing library metadata")
    line, newline, rest = code.partition(b"\n")
    if not newline:
        raise Fail(b"ERR Invalid library metadata")
    try:
        engine, *options = split(line)
    except InvalidLine:
        raise Fail(b"ERR Invalid library metadata") from None
    name: bytes | None = None
    for option in options:
        if not option.lower().startswith(b"name="):
            raise Fail(b"ERR Invalid metadata value given: " + option)
        if name is not None:
            raise Fail(b"ERR Invalid metadata value, name argument was given multiple times")
        name = option[5:]
    if name is None:
        raise Fail(b"ERR Library name was not given")
    if not _NAME(name):
        raise Fail(_BAD_NAME)
    if engine[2:].lower() != b"lua":
        raise Fail(b"ERR Engine '%b' not found" % engine[2:])
    return name, b"\n" + rest
