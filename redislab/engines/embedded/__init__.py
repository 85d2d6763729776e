"""A Redis inside this process: fakeredis's commands behind our own table, replies and waits.

Importing this package, and making an `EmbeddedEngine`, loads neither fakeredis nor redis-py; the
first connection does, or `preload` ahead of it. How the rest hangs together:

    engine      makes connections to one lab, and says what it can do
    connection  `Connection`: batches in, parts out, waits that can be interrupted
    client      what a server knows of one client, and how one command runs; access: its way to the data
    lab         what all clients share: databases, who waits, who listens, settings, counts
    database    one database of a lab: keys, expiry, who watches
    effects     what each arriving command changed, for those who observe; kept: values set aside,
                partial: of large ones the parts that a command names
    journal     undo and redo
    clock       time as a lab sees it
    table       the commands of Redis 7.0, from our catalogue: names, arities, error texts
    results     what a command returned → parts
    commands    a module for each group of commands, ours where fakeredis differs from Redis 7.0;
                its docstring says how fakeredis differs, `tests/…/lines` hold the answers
    scripting   Lua in a sandbox, made of `lua_*`; functions: the libraries of FUNCTION LOAD
    acl         rules and checks of one user; users: those of a lab, and what was refused to them
    rehearsal   what a lab would have in files, where a lesson kills it
    memory      the limit of memory and eviction; sizes: what a key takes, and how Redis would keep it
    tracking    who has read which keys; stats: what commands cost and how they failed; slow: which took long
    pause       CLIENT PAUSE and DEBUG SLEEP
    rdb         values in the format of DUMP and RESTORE
    kinds       types and encodings; hyperloglog, geometry, longdouble, glob: arithmetic for the commands
    upstream    loads fakeredis, with lupa or without; every private name of it is held by a contract test
"""

from redislab.engines.embedded.engine import VERSION, EmbeddedEngine

__all__ = ["VERSION", "EmbeddedEngine"]
