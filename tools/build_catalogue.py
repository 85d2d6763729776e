"""Write `redislab/data/commands-X.Y.json`: the facts of every command, asked of a running Redis.

    python tools/build_catalogue.py                  start a redis-server of our own and ask it
    python tools/build_catalogue.py --socket PATH    ask a server that runs (or --port N)
    python tools/build_catalogue.py --output FILE    write somewhere else
    python tools/build_catalogue.py --later …        only the commands of `LATER`, into commands-later.json

Facts only: names, arity, flags, ACL categories, key specs, argument trees, versions, formulas.
The server's sentences (summary, history, notes, remarks on complexity) stay behind; ours are
written elsewhere. One command a line, sorted, so that a new version reads well as a diff.

The commands come from `COMMAND DOCS` and `COMMAND`, through `redis-cli --json`.

`--later` asks a newer server (8.0 or later) for what the catalogue's version lacks. The one file that no
server was asked for is commands-json.json: the module RedisJSON is in no server that is at hand, so its
names, arguments and versions were written by hand, from the syntax that its public documentation states.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "redislab" / "data"

# Where the server's text says more than one formula and a rule cannot tell which one matters.
OWN_COMPLEXITY = {
    "COPY": "O(N), O(1) for a string",
    "DUMP": "O(1)+O(N*M)",
    "MIGRATE": "O(N)",
    "PFADD": "O(1) for each element",
    "PFCOUNT": "O(1) for one key, O(N) for N keys",
    "RESTORE": "O(1)+O(N*M)",
    "RESTORE-ASKING": "O(1)+O(N*M)",
    "SETRANGE": "O(M), O(1) for a short value",
    "SHUTDOWN": "O(1), O(N) when it saves",
    "SPOP": "O(1), O(N) with a count",
    "SRANDMEMBER": "O(1), O(N) with a count",
    "XADD": "O(1), O(N) when it trims",
    "XPENDING": "O(N), O(M) with IDLE",
    "XREAD": "O(N) for each stream",
    "XREADGROUP": "O(M) for each stream",
}
# Commands that came after the catalogue's version and that learners hear of.
LATER = frozenset(
    "HEXPIRE HEXPIREAT HEXPIRETIME HGETDEL HGETEX HPERSIST HPEXPIRE HPEXPIREAT HPEXPIRETIME HPTTL HSETEX "
    "HTTL".split()
)
_FORMULA = re.compile(r"O\((?:[^()]|\([^()]*\))*\)(?: ?\+ ?O\((?:[^()]|\([^()]*\))*\))*")
_FOR_EACH = re.compile(r" (?:specified )?for (?:each|every) (?:single )?([a-z/]+(?: (?:pair|ID)\b)?)")
_QUOTED = re.compile(r"`!?([^`]+)`")


def main() -> None:
    options = _options()
    only = LATER if options.later else None
    if options.socket or options.port:
        facts = _facts(["-s", options.socket] if options.socket else ["-p", str(options.port)], only)
    else:
        with _private_server() as socket:
            facts = _facts(["-s", socket], only)
    version = facts["redis_version"]
    kept = "later" if options.later else version.rpartition(".")[0]
    path = options.output or DATA / f"commands-{kept}.json"
    path.write_text(_one_command_a_line(facts), encoding="utf-8")
    print(f"{path}: {len(facts['commands'])} commands of Redis {version}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--socket", help="unix socket of a running server")
    where.add_argument("--port", type=int, help="port of a running server on this machine")
    parser.add_argument("--later", action="store_true", help="only what came after the catalogue's version")
    parser.add_argument("--output", type=Path, help="file to write (default: in redislab/data)")
    return parser.parse_args()


@contextmanager
def _private_server() -> Iterator[str]:
    """The socket of a redis-server that lives as long as the block."""
    with tempfile.TemporaryDirectory(prefix="catalogue-") as folder:
        socket = Path(folder) / "redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                while not socket.exists():
                    if server.poll() is not None:
                        raise SystemExit(f"redis-server ended with {server.returncode}")
                    time.sleep(0.01)
                yield str(socket)
            finally:
                server.terminate()


def _facts(target: list[str], only: Set[str] | None = None) -> dict[str, Any]:
    """What the server at `target` (redis-cli's words for it) knows of its commands, or of these."""
    info = subprocess.run(
        ["redis-cli", *target, "INFO", "server"], check=True, capture_output=True, text=True
    )
    version = re.search(r"^redis_version:(\S+)", info.stdout, re.MULTILINE)
    if version is None:
        raise SystemExit(f"no Redis answers there: {info.stdout.strip()}")
    commands: dict[str, Any] = {}
    docs = _flat_docs(_ask(target, "COMMAND", "DOCS"))
    for entry in _flat_entries(_ask(target, "COMMAND")):
        name = _name(entry[0])
        if only is not None and name not in only:
            continue
        commands[name] = _command(name, entry, docs[name])
    if missing := (only or set()) - commands.keys():
        raise SystemExit(f"Redis {version[1]} has no {', '.join(sorted(missing))}: a newer one is needed")
    return {"redis_version": version[1], "commands": dict(sorted(commands.items()))}


def _ask(target: list[str], *words: str) -> Any:
    command = ["redis-cli", *target, "--json", *words]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def _name(word: str) -> str:
    return word.replace("|", " ").upper()


def _flat_docs(docs: dict[str, Any]) -> dict[str, Any]:
    flat = {}
    for word, each in docs.items():
        flat[_name(word)] = each
        flat.update(_flat_docs(each.get("subcommands", {})))
    return flat


def _flat_entries(entries: list[Any]) -> Iterator[list[Any]]:
    """The rows of `COMMAND`: name, arity, flags, first, last, step, categories, tips, keys, subcommands."""
    for entry in entries:
        yield entry
        yield from _flat_entries(entry[9])


def _command(name: str, entry: list[Any], docs: dict[str, Any]) -> dict[str, Any]:
    doc_flags = docs.get("doc_flags", [])
    replaced_by, _, replaced_with = docs.get("replaced_by", "").partition(" with ")
    return _present(
        {
            "group": docs["group"],
            "since": docs["since"],
            "arity": entry[1],
            "complexity": OWN_COMPLEXITY.get(name) or _complexity(docs.get("complexity", "")),
            "flags": sorted(entry[2]),
            "categories": sorted(entry[6]),
            "internal": "syscmd" in doc_flags,
            "deprecated_since": docs.get("deprecated_since"),
            "replaced_by": _QUOTED.findall(replaced_by),
            "replaced_with": _QUOTED.findall(replaced_with),
            "keys": [_key_spec(spec) for spec in entry[8]],
            "arguments": [_argument(argument) for argument in docs.get("arguments", [])],
        }
    )


def _complexity(text: str) -> str:
    """The formula that a text on complexity begins with, and the unit it counts; "" if it has none."""
    formula = _FORMULA.match(text)
    if formula is None:
        return ""
    each = _FOR_EACH.match(text, formula.end())
    return formula[0] + (f" for each {each[1]}" if each else "")


def _key_spec(spec: dict[str, Any]) -> dict[str, Any]:
    """`index` or `keyword` says where to begin, `range` or `keynum` which words are keys from there."""
    begin, find = spec["begin_search"], spec["find_keys"]
    at, how = begin["spec"], find["spec"]
    fact: dict[str, Any] = {"flags": sorted(spec["flags"])}
    if begin["type"] == "index":
        fact["index"] = at["index"]
    elif begin["type"] == "keyword":
        fact["keyword"] = [at["keyword"], at["startfrom"]]
    if find["type"] == "range":
        fact["range"] = [how["lastkey"], how["keystep"], how["limit"]]
    elif find["type"] == "keynum":
        fact["keynum"] = [how["keynumidx"], how["firstkey"], how["keystep"]]
    return fact


def _argument(argument: dict[str, Any]) -> dict[str, Any]:
    flags, shown = argument.get("flags", []), argument.get("display_text")
    return _present(
        {
            "name": argument["name"],
            "type": argument["type"],
            "token": argument.get("token"),
            "optional": "optional" in flags,
            "multiple": "multiple" in flags,
            "multiple_token": "multiple_token" in flags,
            "key_spec_index": argument.get("key_spec_index"),
            "since": argument.get("since"),
            "deprecated_since": argument.get("deprecated_since"),
            "display": None if shown == argument["name"] else shown,
            "arguments": [_argument(inner) for inner in argument.get("arguments", [])],
        }
    )


def _present(facts: dict[str, Any]) -> dict[str, Any]:
    """Only what is said: an empty token (MIGRATE's `""`) and the number 0 say something."""
    return {
        key: fact
        for key, fact in facts.items()
        if fact is not None and fact is not False and fact != [] and (fact != "" or key == "token")
    }


def _one_command_a_line(facts: dict[str, Any]) -> str:
    rows = [
        f"{json.dumps(name)}: {json.dumps(command, separators=(', ', ': '))}"
        for name, command in facts["commands"].items()
    ]
    head = f'{{"redis_version": {json.dumps(facts["redis_version"])}, "commands": {{\n'
    return head + ",\n".join(rows) + "\n}}\n"


if __name__ == "__main__":
    main()
