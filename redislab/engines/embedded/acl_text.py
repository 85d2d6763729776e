"""A user's permissions in the words of ACL LIST and ACL GETUSER."""

from __future__ import annotations

from copy import deepcopy

from redislab.engines.embedded.acl import READ, WRITE, Names, Selector, User

# The order in which a server names the categories.
CATEGORIES = (
    *("keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog"),
    *("geo", "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection"),
    *("transaction", "scripting"),
)


def user_text(user: User, names: Names) -> bytes:
    """As ACL LIST shows it, without the word `user`."""
    words = [user.name, *(flag.encode() for flag in user.flags), *(b"#" + each for each in user.passwords)]
    words.append(selector_text(user.root, names))
    return b" ".join(words) + b"".join(b" (%b)" % selector_text(each, names) for each in user.selectors)


def selector_text(selector: Selector, names: Names) -> bytes:
    keys, channels = keys_text(selector), channels_text(selector)
    if not selector.every_channel:
        channels = b"resetchannels " + channels if channels else b"resetchannels"
    return b" ".join(filter(None, [keys, channels, commands_text(selector, names)]))


def keys_text(selector: Selector) -> bytes:
    if selector.every_key:
        return b"~*"
    prefixes = {READ: b"%R~", WRITE: b"%W~", READ | WRITE: b"~"}
    return b" ".join(prefixes[flags] + pattern for pattern, flags in selector.keys.items())


def channels_text(selector: Selector) -> bytes:
    return b"&*" if selector.every_channel else b" ".join(b"&" + each for each in selector.channels)


def commands_text(selector: Selector, names: Names) -> bytes:
    """The fewest rules that come near: all or nothing, then categories, then single commands."""
    adding = not selector.future
    made = Selector()
    rules = ["-@all" if adding else "+@all"]
    made.apply(rules[0].encode(), names)
    left = deepcopy(selector)  # what no category has dealt with yet
    open_categories = [name for name in CATEGORIES if name in names.categories]
    while True:
        best = _best(open_categories, left, names, adding=adding)
        if best is None:
            break
        rules.append(f"{'+' if adding else '-'}@{best}")
        made.apply(rules[-1].encode(), names)
        left.apply(f"{'-' if adding else '+'}@{best}".encode(), names)
        open_categories.remove(best)
    rules += _single(selector, made, names)
    return " ".join(rules).encode()


def _best(categories: list[str], left: Selector, names: Names, *, adding: bool) -> str | None:
    """The category that fits what is left: most of it the same, the least of it different."""
    found: tuple[int, int] | None = None
    best = None
    for name in categories:
        members = names.categories[name]
        on = len(members & left.commands)
        same, different = (on, len(members) - on) if adding else (len(members) - on, on)
        if same > different and (found is None or (different, -same) < found):
            found, best = (different, -same), name
    return best


def _single(selector: Selector, made: Selector, names: Names) -> list[str]:
    rules = []
    for name in sorted(names.below):  # containers come before what is in them
        wanted = name in selector.commands
        if wanted != (name in made.commands):
            rules.append(f"{'+' if wanted else '-'}{name}")
            made.apply(rules[-1].encode(), names)
        rules += [f"+{name}|{word}" for word in selector.first_args.get(name, [])]
    return rules
