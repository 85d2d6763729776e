"""Words of other languages, readers of types, and what some errors mean: the coach's tables.

In `ERRORS` the server's text is searched for the first word of a row; `{}` is the command's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# A command's group → the type that it works on: Redis's word, for many, for one.
TYPES: Mapping[str, tuple[str, str, str]] = {
    "string": ("string", "strings", "a string"),
    "bitmap": ("string", "strings", "a string"),
    "hyperloglog": ("string", "HyperLogLogs, which are strings", "a string"),
    "list": ("list", "lists", "a list"),
    "hash": ("hash", "hashes", "a hash"),
    "set": ("set", "sets", "a set"),
    "sorted-set": ("zset", "sorted sets", "a sorted set"),
    "geo": ("zset", "sorted sets", "a sorted set"),
    "stream": ("stream", "streams", "a stream"),
}

READERS: Mapping[str, str] = {
    "string": "GET {}",
    "list": "LRANGE {} 0 -1",
    "hash": "HGETALL {}",
    "set": "SMEMBERS {}",
    "zset": "ZRANGE {} 0 -1 WITHSCORES",
    "stream": "XRANGE {} - +",
}

# A word of another language → the Redis command that takes the same words ("" for none), and what to say.
FOREIGN: Mapping[str, tuple[str, str]] = {
    "delete": ("DEL", "DEL deletes keys."),
    "remove": ("DEL", "DEL deletes keys; LREM, SREM, ZREM and HDEL remove from a collection."),
    "rm": ("DEL", "DEL deletes keys."),
    "drop": ("DEL", "There are no tables to drop; DEL deletes keys."),
    "insert": ("", "There are no tables: SET key value, or HSET key field value …, stores something."),
    "update": ("", "There are no tables: SET and HSET replace what is there."),
    "put": ("SET", "SET key value stores a string."),
    "store": ("SET", "SET key value stores a string."),
    "write": ("SET", "SET key value stores a string."),
    "create": ("", "Nothing is created ahead: a key exists from the first SET, LPUSH, HSET or SADD on."),
    "add": ("SADD", "SADD adds to a set, RPUSH to a list, ZADD to a sorted set."),
    "push": ("RPUSH", "RPUSH pushes on the right end of a list, LPUSH on the left one."),
    "pop": ("RPOP", "RPOP takes from the right end of a list, LPOP from the left one."),
    "length": ("LLEN", "LLEN counts a list; STRLEN, HLEN, SCARD and ZCARD the other types."),
    "len": ("LLEN", "LLEN counts a list; STRLEN, HLEN, SCARD and ZCARD the other types."),
    "size": ("DBSIZE", "DBSIZE counts the keys; LLEN, HLEN and SCARD what is in one."),
    "count": ("DBSIZE", "DBSIZE counts the keys; LLEN, HLEN and SCARD what is in one."),
    "list": ("SCAN 0", "SCAN lists keys; LRANGE key 0 -1 shows a list."),
    "ls": ("SCAN 0", "SCAN lists keys."),
    "dir": ("SCAN 0", "SCAN lists keys."),
    "show": ("SCAN 0", "SCAN lists keys, INFO keyspace the databases."),
    "find": ("SCAN 0", "SCAN 0 MATCH pattern looks for names; values are not searched."),
    "search": ("SCAN 0", "SCAN 0 MATCH pattern looks for names; values are not searched."),
    "use": ("SELECT", "SELECT chooses a database, by its number."),
    "print": ("GET", "GET shows a string."),
    "read": ("GET", "GET reads a string."),
    "fetch": ("GET", "GET reads a string."),
    "cat": ("GET", "GET reads a string."),
    "show_type": ("TYPE", "TYPE says what a key holds."),
    "describe": ("TYPE", "TYPE says what a key holds."),
    "desc": ("TYPE", "TYPE says what a key holds."),
    "typeof": ("TYPE", "TYPE says what a key holds."),
    "contains": ("EXISTS", "EXISTS asks for a key, SISMEMBER for a member of a set."),
    "has": ("EXISTS", "EXISTS asks for a key, HEXISTS for a field of a hash."),
    "increment": ("INCR", "INCR adds 1 to a number."),
    "decrement": ("DECR", "DECR takes 1 from a number."),
    "truncate": ("FLUSHDB", "FLUSHDB deletes every key of this database."),
    "mv": ("RENAME", "RENAME gives a key another name."),
    "cp": ("COPY", "COPY copies a key."),
    "login": ("AUTH", "AUTH logs in."),
    "begin": ("MULTI", "MULTI begins a transaction."),
    "commit": ("EXEC", "EXEC runs what was queued since MULTI."),
    "rollback": ("DISCARD", "DISCARD forgets what was queued since MULTI; what has run is not undone."),
    "version": ("INFO server", "INFO server says which version this is."),
}  # fmt: skip

# Words of programs that are none of Redis's.
NOT_REDIS: Mapping[str, str] = {
    **dict.fromkeys(
        ("import", "from", "def", "pip", "python", "python3"),
        "That is Python. Here go Redis commands, one a line.",
    ),
    **dict.fromkeys(
        ("cd", "sudo", "docker", "apt", "brew", "curl", "bash", "redis-server"),
        "That is a command of your system. Type it in a terminal, outside of this shell.",
    ),
    **dict.fromkeys(
        ("let", "var", "const", "function"),
        "There are no variables here: SET key value keeps a value.",
    ),
}

# Command → (words typed, what to add, what to say): what is usually meant where words are missing.
COMPLETIONS: Mapping[str, tuple[int, str, str]] = {
    "LRANGE": (2, "0 -1", "A range wants its first and last place; 0 -1 is the whole list."),
    "ZRANGE": (2, "0 -1", "A range wants its first and last rank; 0 -1 is the whole sorted set."),
    "ZREVRANGE": (2, "0 -1", "A range wants its first and last rank; 0 -1 is the whole sorted set."),
    "GETRANGE": (2, "0 -1", "A range wants its first and last byte; 0 -1 is the whole string."),
    "XRANGE": (2, "- +", "A range wants its first and last ID; - + is the whole stream."),
    "KEYS": (1, "*", "KEYS wants a pattern; * stands for any name."),
    "SCAN": (1, "0", "A scan begins with the cursor 0."),
    "HSCAN": (2, "0", "A scan begins with the cursor 0."),
    "SSCAN": (2, "0", "A scan begins with the cursor 0."),
    "ZSCAN": (2, "0", "A scan begins with the cursor 0."),
    "EVAL": (2, "0", "Behind the script comes how many keys follow; 0 for none."),
    "BLPOP": (2, "0", "The last word is how many seconds to wait; 0 waits for ever."),
    "BRPOP": (2, "0", "The last word is how many seconds to wait; 0 waits for ever."),
}

ERRORS: Sequence[tuple[str, str]] = (
    ("EXEC without MULTI", "EXEC ends a transaction, and none has begun: MULTI begins one."),
    ("DISCARD without MULTI", "DISCARD forgets a transaction, and none has begun: MULTI begins one."),
    ("MULTI calls can not be nested", "A transaction has begun already: EXEC runs it, DISCARD forgets it."),
    ("WATCH inside MULTI", "WATCH stands before MULTI. DISCARD this transaction, then WATCH, then MULTI."),
    ("no such key", "There is no key of that name in this database. EXISTS asks, SCAN 0 lists keys."),
    ("index out of range", "The list has no such place. LLEN says how long it is; places count from 0."),
    ("DB index is out of range", "A server has 16 databases, 0 to 15, unless it is told otherwise."),
    ("invalid DB index", "Databases have numbers, 0 to 15, and no names."),
    (
        "hash value is not an integer",
        "The field holds text, and only whole numbers can be counted up. HGET shows it.",
    ),
    ("hash value is not a float", "The field holds text, and only numbers can be counted up. HGET shows it."),
    ("increment or decrement would overflow", "Numbers have 64 bits: none is beyond 9223372036854775807."),
    ("invalid expire time", "The time to live must be a whole number above 0."),
    (
        "equal or smaller than the target stream",
        "IDs grow: it must be higher than the last one. * lets Redis choose.",
    ),
    ("must be greater than 0-0", "IDs begin at 0-1. * lets Redis choose one."),
    (
        "Invalid stream ID",
        "An ID is a time in milliseconds, - and a number: 1700000000000-0. * lets Redis choose one.",
    ),
    ("BUSYGROUP", "The group exists already, so it can be used as it is. XINFO GROUPS shows it."),
    ("NOGROUP", "There is no such stream or group. XGROUP CREATE key group 0 MKSTREAM creates both."),
    ("requires the key to exist", "There is no such stream. MKSTREAM at the end creates an empty one."),
    ("BUSYKEY", "A key of that name exists. REPLACE at the end overwrites it."),
    (
        "bit offset is not an integer",
        "Bits are numbered from 0; the offset is a whole number below 4294967296.",
    ),
    ("bit is not an integer", "A bit is 0 or 1."),
    (
        "min or max is not a float",
        "The ends of a range of scores are numbers, -inf or +inf; ( in front leaves one out.",
    ),
    ("not valid string range item", "The ends of a range of members begin with [ or (, or are - and +."),
    ("One or more scores can't be converted", "SORT compares numbers; ALPHA at the end compares texts."),
    ("Unbalanced", "Behind STREAMS come all keys, then as many IDs."),
    (
        "Number of keys can't be",
        "The number says how many of the words behind it are keys; there are fewer words.",
    ),
    ("must be positive", "The number must be 0 or more."),
    ("source and destination objects are the same", "A key cannot be copied or moved onto itself."),
    ("out of range, value must", "The number is too large or too small."),
    ("invalid longitude,latitude", "Longitude comes first, -180 to 180, then latitude, about -85 to 85."),
    ("could not decode requested zset member", "FROMMEMBER wants a member that is in the set."),
    (
        "Can't execute",
        "While subscribed only SUBSCRIBE, UNSUBSCRIBE, PING and the like work. Leave with Ctrl-C first.",
    ),
    (
        "Unknown option or number of arguments for CONFIG SET",
        "There is no such setting. CONFIG GET * lists them.",
    ),
    ("wrong number of arguments for CONFIG", "Settings come in pairs: name, then value."),
    ("timeout is not a float", "The time to wait is a number of seconds; 0 waits for ever."),
    ("timeout is negative", "The time to wait is a number of seconds; 0 waits for ever."),
)
