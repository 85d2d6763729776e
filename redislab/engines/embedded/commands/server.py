"""INFO, TIME, ROLE, WAIT, SAVE and their kin, SLOWLOG, LATENCY, MODULE, CLUSTER, LOLWUT.

Ours: upstream has few of these. What a lone server without files would say is said; nothing is made up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redislab.core.reply import OK
from redislab.engines.embedded import info
from redislab.engines.embedded.client import Client
from redislab.engines.embedded.commands.registry import handles
from redislab.engines.embedded.commands.words import syntax_error, timeout_ms
from redislab.engines.embedded.engine import VERSION
from redislab.engines.embedded.numbers import as_integer, integer
from redislab.engines.embedded.results import Fail, status, verbatim

if TYPE_CHECKING:
    from redislab.engines.embedded.keeping.keeper import Keeper

NO_CLUSTER = b"ERR This instance has cluster support disabled"


@handles("INFO")
def info_(client: Client, args: list[bytes]) -> Any:
    return verbatim(info.text(client, args[1:]))


@handles("TIME")
def time_(client: Client, args: list[bytes]) -> Any:
    now_us = int(client.lab.clock.time() * 1_000_000)
    return [b"%d" % (now_us // 1_000_000), b"%d" % (now_us % 1_000_000)]


@handles("ROLE")
def role(client: Client, args: list[bytes]) -> Any:
    return [b"master", 0, []]


@handles("WAIT")
def wait(client: Client, args: list[bytes]) -> Any:
    """There are no replicas: 0 of them have everything at once, and more of them never."""
    wanted = integer(args[1])
    wait_s = timeout_ms(args[2])
    return client.park(lambda: 0 if wanted <= 0 else None, wait_s, empty=lambda: 0)


@handles("LASTSAVE")
def lastsave(client: Client, args: list[bytes]) -> Any:
    return int(client.lab.saved_s)


def _keeper(client: Client) -> Keeper:
    """What keeps this lab's data. Raises Fail where nothing does, or where it cannot."""
    keeper = client.lab.keeper
    if keeper is None:
        raise Fail(b"ERR this data is in memory only; that of a lab is kept (redislab repl --lab NAME)")
    if keeper.problem is not None:
        raise Fail(f"ERR the lab cannot be written to the disk: {keeper.problem}")
    return keeper


@handles("SAVE", "BGSAVE")
def save(client: Client, args: list[bytes]) -> Any:
    """Writes are in the file already: it is flushed. There is no background to do that in."""
    if len(args) > 2 or (len(args) == 2 and args[1].upper() != b"SCHEDULE"):
        raise syntax_error()
    if client.lab.rehearsal is not None:
        client.lab.rehearsal.save()
    else:
        _flush(_keeper(client))
    return OK if args[0].upper() == b"SAVE" else status(b"Background saving started")


def _flush(keeper: Keeper) -> None:
    try:
        keeper.save()
    except OSError as error:
        raise Fail(f"ERR the lab cannot be flushed to the disk: {error.strerror}") from None


@handles("BGREWRITEAOF")
def bgrewriteaof(client: Client, args: list[bytes]) -> Any:
    if client.lab.rehearsal is None:
        _keeper(client).compact()
    return status(b"Background append only file rewriting started")


@handles("REPLICAOF", "SLAVEOF")
def replicaof(client: Client, args: list[bytes]) -> Any:
    if args[1].upper() == b"NO" and args[2].upper() == b"ONE":
        return OK
    raise Fail(b"ERR redislab's built-in engine has no replication; a Redis server has it")


@handles("FAILOVER")
def failover(client: Client, args: list[bytes]) -> Any:
    if len(args) == 2 and args[1].upper() == b"ABORT":
        raise Fail(b"ERR No failover in progress.")
    raise Fail(b"ERR FAILOVER requires connected replicas.")


@handles("SLOWLOG GET")
def slowlog_get(client: Client, args: list[bytes]) -> Any:
    most = 10
    if len(args) > 2:
        wanted = as_integer(args[2])
        if wanted is None or wanted < -1:
            raise Fail(b"ERR count should be greater than or equal to -1")
        most = wanted
    slow = list(client.lab.slow.rows)
    return slow if most == -1 else slow[:most]


@handles("SLOWLOG LEN")
def slowlog_len(client: Client, args: list[bytes]) -> Any:
    return len(client.lab.slow.rows)


@handles("SLOWLOG RESET")
def slowlog_reset(client: Client, args: list[bytes]) -> Any:
    client.lab.slow.rows.clear()
    return OK


@handles("LATENCY LATEST", "LATENCY HISTORY")
def latency_latest(client: Client, args: list[bytes]) -> Any:
    return []


@handles("LATENCY RESET")
def latency_reset(client: Client, args: list[bytes]) -> Any:
    return 0


@handles("LATENCY GRAPH")
def latency_graph(client: Client, args: list[bytes]) -> Any:
    raise Fail(b"ERR No samples available for event '%b'" % args[2])


@handles("LATENCY HISTOGRAM")
def latency_histogram(client: Client, args: list[bytes]) -> Any:
    known = client.lab.stats.commands
    names = [word.lower().decode("latin-1") for word in args[2:]] or list(known)
    return {
        name.encode(): {
            b"calls": known[name].calls,
            b"histogram_usec": dict(known[name].histogram_us()),
        }
        for name in names
        if name in known and known[name].calls
    }


@handles("LATENCY DOCTOR")
def latency_doctor(client: Client, args: list[bytes]) -> Any:
    return verbatim(
        b"No event was slow enough to be remembered: latency-monitor-threshold says from how many "
        b"milliseconds on; 0 remembers nothing.\n"
    )


@handles("MEMORY DOCTOR")
def memory_doctor(client: Client, args: list[bytes]) -> Any:
    return verbatim(b"The data is Python's objects here: there is no fragmentation to look for.\n")


@handles("MODULE LOAD", "MODULE LOADEX", "MODULE UNLOAD")
def module_load(client: Client, args: list[bytes]) -> Any:
    raise Fail(
        b'ERR MODULE command not allowed. If the enable-module-command option is set to "local", you can run '
        b"it from a local connection, otherwise you need to set this option in the configuration file, and "
        b"then restart the server."
    )


@handles("MODULE LIST")
def module_list(client: Client, args: list[bytes]) -> Any:
    return []


def no_cluster(client: Client, args: list[bytes]) -> Any:
    raise Fail(NO_CLUSTER)


for _name in (
    *("ADDSLOTS", "ADDSLOTSRANGE", "BUMPEPOCH", "COUNT-FAILURE-REPORTS", "COUNTKEYSINSLOT", "DELSLOTS"),
    *("DELSLOTSRANGE", "FAILOVER", "FLUSHSLOTS", "FORGET", "GETKEYSINSLOT", "INFO", "KEYSLOT", "LINKS"),
    *("MEET", "MYID", "NODES", "REPLICAS", "REPLICATE", "RESET", "SAVECONFIG", "SET-CONFIG-EPOCH"),
    *("SETSLOT", "SHARDS", "SLAVES", "SLOTS"),
):
    handles(f"CLUSTER {_name}")(no_cluster)
handles("READONLY", "READWRITE", "ASKING")(no_cluster)


@handles("LOLWUT")
def lolwut(client: Client, args: list[bytes]) -> Any:
    """A picture of our own: Redis draws others."""
    words = args[1:]
    if words and words[0].upper() == b"VERSION":
        if len(words) == 1:
            return verbatim(f"Redis ver. {'.'.join(map(str, VERSION))}\n".encode())
        integer(words[1])
    version = ".".join(map(str, VERSION))
    return verbatim(f"{_CUBES}\nRedis ver. {version}\n".encode())


_CUBES = r"""
      ________      SET     the key
     /\       \     GET     it back
    /  \   k   \    EXPIRE  and it is gone
   /    \_______\
   \    /       /
    \  /   v   /
     \/_______/
"""
