"""Where a server reads a line otherwise than its own description of the syntax says.

Rows of data, each seen on Redis 7.0.15. `tests/core/test_grammar.py` refuses a name that no command has,
`tests/core/test_grammar_server.py` holds the rows against a server.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

_GEO_RADIUS = ("GEORADIUS", "GEORADIUS_RO", "GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO")
_GEO_SEARCH = ("GEOSEARCH", "GEOSEARCHSTORE")
_EXPIRE = ("EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT")

# Arguments that must come and yet may stand in any order with the options beside them.
IN_ANY_ORDER: Mapping[str, tuple[str, ...]] = {
    "GEOSEARCH": ("from", "by"),
    "GEOSEARCHSTORE": ("from", "by"),
    "XREADGROUP": ("group_consumer",),
    "XTRIM": ("trim",),
}

# Blocks whose last option needs not stand in them: a server takes it anywhere among the options.
ENDS_ANYWHERE = frozenset(
    [(name, "count") for name in (*_GEO_RADIUS, *_GEO_SEARCH)]
    + [("XADD", "trim"), ("XTRIM", "trim"), ("FAILOVER", "target")]
)

# Repeated arguments that may be missing altogether, and blocks whose first option may stand alone.
MAY_LACK = frozenset({("GEOPOS", "member"), ("GEOHASH", "member"), ("PFMERGE", "sourcekey")})
FIRST_ALONE = frozenset({("BITFIELD", "operation.write")})

# Options that take all words to the end of the line.
TAKES_THE_REST = frozenset({("MIGRATE", "KEYS"), ("MODULE LOADEX", "ARGS")})

# Commands behind whose arguments any words may stand; and where a token may as well be a value.
IGNORES_THE_REST = frozenset({"LOLWUT"})
TOKENS_MAY_BE_VALUES = frozenset({"REPLICAOF", "SLAVEOF", "LOLWUT", "FUNCTION LOAD"})

# Values that the description calls a string, and that are one of a few words.
WORDS: Mapping[tuple[str, str], str] = {
    ("BITOP", "operation"): "AND OR XOR NOT",
    ("CLIENT KILL", "filter.new-format.yes/no"): "YES NO",
}

# What a value must look like, where its type does not say it: kind → commands, each with its paths.
_KIND_ROWS: Mapping[str, tuple[str, ...]] = {
    "score": (
        "ZCOUNT min max",
        "ZRANGEBYSCORE min max",
        "ZREVRANGEBYSCORE min max",
        "ZREMRANGEBYSCORE min max",
    ),
    "lex": ("ZLEXCOUNT min max", "ZRANGEBYLEX min max", "ZREVRANGEBYLEX min max", "ZREMRANGEBYLEX min max"),
    "range": ("ZRANGE start stop", "ZRANGESTORE min max"),
    "double": (
        "ZINCRBY increment",
        "ZINTER weight",
        "ZUNION weight",
        "ZINTERSTORE weight",
        "ZUNIONSTORE weight",
    ),
    "cursor": ("SCAN cursor", "SSCAN cursor", "HSCAN cursor", "ZSCAN cursor"),
    "bit": ("BITPOS bit", "SETBIT value"),
    "encoding": (
        "BITFIELD operation.encoding_offset.encoding",
        "BITFIELD operation.write.write_operation.encoding_offset_value.encoding",
        "BITFIELD operation.write.write_operation.encoding_offset_increment.encoding",
        "BITFIELD_RO encoding_offset.encoding",
    ),
    "bit-offset": (
        "BITFIELD operation.encoding_offset.offset",
        "BITFIELD operation.write.write_operation.encoding_offset_value.offset",
        "BITFIELD operation.write.write_operation.encoding_offset_increment.offset",
        "BITFIELD_RO encoding_offset.offset",
    ),
    "id": (
        *("XACK id", "XDEL id", "XCLAIM id", "XSETID last-id max_deleted_entry_id"),
        *("XGROUP CREATE id.id", "XGROUP SETID id.id"),
    ),
    "added-id": ("XADD id_or_auto.id",),
    "interval-id": (
        *(
            "XRANGE start end",
            "XREVRANGE start end",
            "XAUTOCLAIM start",
            "XPENDING filters.start filters.end",
        ),
    ),
    "read-id": ("XREAD streams.id",),
    "group-id": ("XREADGROUP streams.id",),
    "port": ("MIGRATE port",),  # a server tries to connect, whatever it is
    "threshold": ("XADD trim.threshold", "XTRIM trim.threshold"),
    "integer": ("XAUTOCLAIM min-idle-time", "XCLAIM min-idle-time"),
    "integer>=-1": ("SLOWLOG GET count", "XGROUP CREATE entries_read", "XGROUP SETID entries_read"),
    "integer!=0": ("LPOS rank",),
    "timeout": (
        *("BLPOP timeout", "BRPOP timeout", "BLMOVE timeout", "BRPOPLPUSH timeout", "BLMPOP timeout"),
        *("BZMPOP timeout", "BZPOPMIN timeout", "BZPOPMAX timeout"),
    ),
    "integer>=0": (
        *("LPOP count", "RPOP count", "SPOP count", "ZPOPMIN count", "ZPOPMAX count", "LPOS num-matches len"),
        *("SETRANGE offset", "GETBIT offset", "SETBIT offset", "SINTERCARD limit", "ZINTERCARD limit"),
        *("XREAD milliseconds", "XREADGROUP milliseconds", "XADD trim.count", "XTRIM trim.count"),
        *("EVAL numkeys", "EVALSHA numkeys", "EVAL_RO numkeys", "EVALSHA_RO numkeys", "FCALL numkeys"),
        *("FCALL_RO numkeys", "RESTORE ttl seconds", "XSETID entries_added", "MEMORY USAGE count"),
        *("WAIT timeout", "CLIENT PAUSE timeout", "SELECT index", "CLIENT LIST id.client-id"),
    ),
    "integer>0": (
        *("SINTERCARD numkeys", "ZINTERCARD numkeys", "ZINTER numkeys", "ZUNION numkeys", "ZDIFF numkeys"),
        *("ZINTERSTORE numkeys", "ZUNIONSTORE numkeys", "ZDIFFSTORE numkeys"),
        *("LMPOP numkeys count", "BLMPOP numkeys count", "ZMPOP numkeys count", "BZMPOP numkeys count"),
        *("SCAN count", "SSCAN count", "HSCAN count", "ZSCAN count", "XAUTOCLAIM count"),
        "FAILOVER milliseconds",
        *("SET expiration.unix-time-milliseconds", "GETEX expiration.unix-time-milliseconds"),
        "CLIENT KILL filter.new-format.client-id",
        *(f"{name} count.count" for name in (*_GEO_RADIUS, *_GEO_SEARCH)),
    ),
    "seconds": ("EXPIRE seconds", "EXPIREAT unix-time-seconds"),
    "seconds>0": (
        *("SET expiration.seconds expiration.unix-time-seconds", "SETEX seconds"),
        "GETEX expiration.seconds expiration.unix-time-seconds",
    ),
    "milliseconds": ("PEXPIRE milliseconds",),
    "milliseconds>0": (
        *("SET expiration.milliseconds", "GETEX expiration.milliseconds", "PSETEX milliseconds"),
    ),
    "32 bits": ("MOVE db",),
    "1 to 4096": ("ACL GENPASS bits",),
    "double>=0": (
        *(f"{name} radius" for name in _GEO_RADIUS),
        *(f"{name} by.circle.radius by.box.width by.box.height" for name in _GEO_SEARCH),
    ),
    "longitude": (
        *("GEOADD longitude_latitude_member.longitude", "GEORADIUS longitude", "GEORADIUS_RO longitude"),
        *(f"{name} from.longitude_latitude.longitude" for name in _GEO_SEARCH),
    ),
    "latitude": (
        *("GEOADD longitude_latitude_member.latitude", "GEORADIUS latitude", "GEORADIUS_RO latitude"),
        *(f"{name} from.longitude_latitude.latitude" for name in _GEO_SEARCH),
    ),
}


def _kinds() -> Iterator[tuple[str, str]]:
    for kind, rows in _KIND_ROWS.items():
        for row in rows:
            name = " ".join(word for word in row.split() if word.isupper())
            yield from ((f"{name} {path}", kind) for path in row.split() if not path.isupper())


KINDS: Mapping[str, str] = dict(_kinds())

# Pairs of options, `A+B`, in either order. Refused: `A+A` means that it may not be given twice.
_STORE = " ".join(f"{store}+{shown}" for store in ("STORE", "STOREDIST")
                  for shown in ("WITHCOORD", "WITHDIST", "WITHHASH"))  # fmt: skip
_REFUSED_ROWS: Mapping[str, str] = {
    "ZADD": "NX+GT NX+LT",
    "GEORADIUS": _STORE,
    "GEORADIUSBYMEMBER": _STORE,
    "RESTORE": "IDLETIME+FREQ",
    "RESTORE-ASKING": "IDLETIME+FREQ",
    "SHUTDOWN": "ABORT+SAVE ABORT+NOSAVE ABORT+NOW ABORT+FORCE",
    "CLIENT LIST": "TYPE+ID TYPE+TYPE ID+ID",
    "CLIENT TRACKING": "BCAST+OPTIN BCAST+OPTOUT OPTIN+OPTOUT",
    "ZRANGE": "BYLEX+WITHSCORES BYSCORE+BYSCORE BYLEX+BYLEX REV+REV",
    "ZRANGESTORE": "BYSCORE+BYSCORE BYLEX+BYLEX REV+REV",
    "XADD": "MAXLEN+MAXLEN =+= ~+~",
    "XTRIM": "MAXLEN+MAXLEN =+= ~+~",
    "XGROUP CREATE": "ENTRIESREAD+ENTRIESREAD",
    "XGROUP SETID": "ENTRIESREAD+ENTRIESREAD",
    "LCS": "LEN+IDX",
    "FAILOVER": "ABORT+TO ABORT+TIMEOUT ABORT+FORCE",
}
_MIXED_ROWS: Mapping[str, str] = {
    **dict.fromkeys(_EXPIRE, "XX+GT XX+LT"),
    **dict.fromkeys(("SORT", "SORT_RO", *_GEO_RADIUS, *_GEO_SEARCH), "ASC+DESC"),
    "MIGRATE": "AUTH+AUTH2",
}
# Commands that take each of their options once.
ONCE = frozenset(
    (
        *("FLUSHALL", "FLUSHDB", "FUNCTION FLUSH", "SCRIPT FLUSH", "FUNCTION RESTORE", "BGSAVE", "ACL LOG"),
        *("LMPOP", "BLMPOP", "ZMPOP", "BZMPOP", "CLIENT UNBLOCK", "CLIENT PAUSE", "COMMAND LIST"),
        *("FUNCTION LIST", "GEODIST", "XINFO STREAM", "HRANDFIELD", "ZRANDMEMBER", "BITCOUNT", "BITPOS"),
        *("CLUSTER FAILOVER", "CLUSTER RESET", "MODULE LOADEX"),
    )
)


def _pairs(row: str) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(pair.split("+")) for pair in row.split())


REFUSED = {name: _pairs(row) for name, row in _REFUSED_ROWS.items()}
MIXED = {name: _pairs(row) for name, row in _MIXED_ROWS.items()}


def excludes(command: str, option: str, other: str, *, same_choice: bool) -> bool:
    """Whether `other` may not follow `option`, both the options' first words."""
    pair = frozenset((option, other))
    if pair in REFUSED.get(command, ()) or (option == other and command in ONCE):
        return True
    return same_choice and option != other and pair not in MIXED.get(command, ())


def places() -> list[str]:
    """Every `COMMAND path` that a row names, for the test that they exist."""
    pairs = chain(ENDS_ANYWHERE, MAY_LACK, FIRST_ALONE, WORDS)
    return [*KINDS, *(f"{name} {path}" for name, path in pairs)]
