"""What commands about the server and its scripts did."""

from __future__ import annotations

from redislab.core.happened.told import Rules, Told, capital, many, name, names, shown
from redislab.core.reply import Kind, Reply

RULES = Rules()
tells = RULES.tells


@tells(
    "DBSIZE",
    why="DBSIZE counts the keys of the selected database and takes the same time for any number of them.",
)
def _dbsize(told: Told) -> str:
    if not told.number:
        return f"Database {told.outcome.db} is empty."
    return f"Database {told.outcome.db} has {many(told.number, 'key')}."


@tells(
    "FLUSHDB",
    "FLUSHALL",
    why="FLUSHDB deletes every key of the selected database and FLUSHALL those of all databases. "
    "Redis asks nothing and keeps nothing: what was not saved elsewhere is gone.",
)
def _flush(told: Told) -> str:
    where = f"database {told.outcome.db}" if told.command.name == "FLUSHDB" else "all databases"
    seen = told.outcome.observed
    size = None if seen is None else seen.size_before
    if size is None:
        return f"Every key of {where} is deleted."
    return (
        f"Deleted {many(size, 'key')}: {where} {'is' if told.command.name == 'FLUSHDB' else 'are'} empty now."
        if size
        else (capital(f"{where} {'was' if told.command.name == 'FLUSHDB' else 'were'} empty already."))
    )


@tells(
    "SWAPDB",
    why="Two databases exchange their numbers in one step; every client sees the other's keys at once.",
)
def _swapdb(told: Told) -> str:
    return f"Databases {shown(told.words[0])} and {shown(told.words[1])} have exchanged their keys."


@tells(
    "TIME",
    why="Seconds of Unix time, then the microseconds within that second: the server's clock, not the "
    "client's.",
)
def _time(told: Told) -> str:
    return "The server's clock: Unix time in seconds, then microseconds within the second."


@tells(
    "LASTSAVE", why="Unix time of the last successful save to disk; before the first one, that of the start."
)
def _lastsave(told: Told) -> str:
    return "Unix time, in seconds, of the last successful save to disk, or of the start if there was none."


@tells(
    "SAVE",
    "BGSAVE",
    why="A snapshot of all data goes to disk. SAVE stops all clients meanwhile, BGSAVE works beside them.",
)
def _save(told: Told) -> str:
    if told.command.name == "SAVE":
        return "All data is on disk now; no client was served meanwhile."
    return "The server saves its data to disk beside its work; LASTSAVE tells when that is done."


@tells("INFO", why="Lines `name:value` in sections; a section's name after INFO gives that section alone.")
def _info(told: Told) -> str:
    lines = [line for line in told.reply.text.splitlines() if b":" in line and not line.startswith(b"#")]
    return (
        f"{many(len(lines), 'fact')} about the server."
        if lines
        else "There is no such section, or it is empty."
    )


@tells("CONFIG GET", why="Each setting whose name matches the pattern, followed by its value.")
def _config_get(told: Told) -> str:
    if not told.count:
        return f"No setting matches {names(told.words, 'or')}."
    found = told.count // 2
    return f"{many(found, 'setting')}, {'each ' if found > 1 else ''}followed by its value."


@tells(
    "CONFIG SET",
    why="The setting holds until the server ends; CONFIG REWRITE writes it into the configuration file.",
)
def _config_set(told: Told) -> str:
    settings = told.words[0::2]
    return f"{names(settings)} {'are' if len(settings) > 1 else 'is'} set, for as long as the server runs."


@tells("MEMORY USAGE", why="Bytes of the key, its value and what Redis needs around them. nil: no such key.")
def _memory_usage(told: Told) -> str:
    key = told.words[0]
    if told.nil:
        return f"There is no key {name(key)}."
    return (
        f"{name(key)} takes about {many(told.number, 'byte')} of memory, its name and bookkeeping included."
    )


@tells("COMMAND COUNT", why="How many commands this server knows, subcommands not counted.")
def _command_count(told: Told) -> str:
    return f"This server knows {told.number} commands."


@tells(
    "EVAL",
    "EVALSHA",
    "EVAL_RO",
    "EVALSHA_RO",
    "FCALL",
    "FCALL_RO",
    why="A script runs on the server, with no other client's command in between. What it returns is turned "
    "into a reply: a number loses its fraction, true becomes 1, false and nil become nil, and a table ends "
    "at its first nil.",
)
def _eval(told: Told) -> str:
    return f"The script ran, with nothing in between, and {_returned(told.reply)}."


def _returned(reply: Reply) -> str:
    if reply.is_nil:
        return "returned nothing: nil stands for Lua's nil and false"
    if reply.kind is Kind.INTEGER:
        return "its answer is a number: a fraction would be cut off, and true is 1"
    if reply.kind.is_aggregate:
        return (
            f"returned a table of {many(len(reply.items), 'element')}"
            if reply.items
            else "returned an empty table"
        )
    return "returned a status" if reply.kind is Kind.STATUS else "returned a string"


@tells(
    "SCRIPT LOAD",
    why="The script is kept, not run; EVALSHA runs it by the digest that is answered. A restart forgets it.",
)
def _script_load(told: Told) -> str:
    return "The script is kept and has not run; EVALSHA runs it by this digest."


@tells("SCRIPT EXISTS", why="1 for each digest that the server knows, 0 for the others, in the order asked.")
def _script_exists(told: Told) -> str:
    known = sum(item.number for item in told.reply.items)
    asked = len(told.words)
    if asked == 1:
        return "The server knows this script." if known else "The server does not know this script."
    return f"The server knows {known or 'none'} of the {asked} scripts."


@tells(
    "SCRIPT FLUSH",
    why="All kept scripts are forgotten; EVALSHA answers NOSCRIPT until they are loaded again.",
)
def _script_flush(told: Told) -> str:
    return "All kept scripts are forgotten."
