"""What happened between a client and the server: connection, transactions, messages."""

from __future__ import annotations

from redislab.core.happened.told import Rules, Told, many, name, names, shown
from redislab.core.reply import Kind

RULES = Rules()
tells = RULES.tells


@tells("PING", why="PING asks whether the server answers. With a word it answers that word instead of PONG.")
def _ping(told: Told) -> str:
    if told.reply.kind is Kind.STATUS:
        return "The server answers."
    return "The server answers, with the word it was sent." if told.words else ""


@tells("ECHO", why="ECHO sends a word to the server and back, which shows how the server read it.")
def _echo(told: Told) -> str:
    return f"The server sent the word back as it read it: {many(len(told.reply.text), 'byte')}."


@tells(
    "SELECT",
    why="A server has numbered databases, 16 unless told otherwise, each with keys of its own. The choice "
    "holds for this connection alone, and a new connection begins in database 0.",
)
def _select(told: Told) -> str:
    seen = told.outcome.observed
    number = shown(told.words[0])
    size = None if seen is None else seen.size_after
    holds = "" if size is None else f" It holds {many(size, 'key')}."
    return f"Commands go to database {number} from now on; the keys of the others are not seen there.{holds}"


@tells("AUTH", why="Logging in holds for this connection. What a user may do is decided by its ACL rules.")
def _auth(told: Told) -> str:
    return "Logged in, for this connection."


@tells("CLIENT SETNAME", why="The name is shown in CLIENT LIST and belongs to this connection alone.")
def _setname(told: Told) -> str:
    return (
        f"This connection is called {name(told.words[0])} now."
        if told.words[0]
        else "This connection has no name now."
    )


@tells("CLIENT GETNAME", why="A connection has no name until CLIENT SETNAME gives it one.")
def _getname(told: Told) -> str:
    return (
        "This connection has no name." if told.nil or not told.reply.text else "The name of this connection."
    )


@tells(
    "CLIENT ID", why="Each connection gets the next number; it is never given twice while the server runs."
)
def _id(told: Told) -> str:
    return f"This is connection number {told.number} since the server started."


@tells(
    "RESET",
    why="The connection is as if it were new: database 0, no transaction, no subscriptions, the "
    "default user.",
)
def _reset(told: Told) -> str:
    return "The connection is as new: database 0, no transaction, no subscriptions."


@tells(
    "MULTI",
    why="From here on commands are queued and not run. EXEC runs them all, with no other client's command in "
    "between, and DISCARD forgets them. Redis undoes nothing: if one of them fails, the others have "
    "still run.",
)
def _multi(told: Told) -> str:
    return "A transaction begins: commands are queued until EXEC runs them, or DISCARD forgets them."


@tells(
    "EXEC",
    why="EXEC runs the queued commands one after the other, with no other client's in between, and answers "
    "all their answers. nil means that a key that was watched had changed: then none of them ran, and the "
    "program should read again and try again. An error in one of them undoes nothing.",
)
def _exec(told: Told) -> str:
    queued = len(told.outcome.transaction)
    if told.nil:
        return "Nothing ran: a key named in WATCH changed after it was watched."
    if not queued:
        return "The transaction was empty: nothing ran."
    failed = len(told.outcome.failed_items)
    if failed:
        return f"{many(queued, 'command')} ran and {failed} of them failed; the others are not undone."
    if queued == 1:
        return "1 command ran."
    return f"All {queued} commands ran, with nothing in between; the answers stand in the order of queuing."


@tells(
    "DISCARD",
    why="DISCARD leaves the transaction: nothing of what was queued runs, and the watched keys are "
    "forgotten.",
)
def _discard(told: Told) -> str:
    return "The transaction is forgotten: nothing of what was queued ran, and no key is watched any more."


@tells(
    "WATCH",
    why="WATCH makes the next EXEC conditional: if anybody changes one of the keys before it, EXEC runs "
    "nothing and answers nil. EXEC, DISCARD and UNWATCH end the watching.",
)
def _watch(told: Told) -> str:
    missing = [key for key in told.keys if told.was_missing(key)]
    create = " Creating a missing one counts as a change." if missing else ""
    return f"The next EXEC runs only if {names(told.keys, 'and')} did not change until then.{create}"


@tells("UNWATCH", why="No key is watched any more: the next EXEC runs whatever has changed.")
def _unwatch(told: Told) -> str:
    return "No key is watched any more."


@tells(
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "SSUBSCRIBE",
    why="From now on messages to these channels arrive here. Only what is published while a client listens "
    "reaches it: Redis keeps no message.",
)
def _subscribe(told: Told) -> str:
    what = "channels that match" if told.command.name == "PSUBSCRIBE" else "messages to"
    listening = f"Listening to {what} {names(told.words)}"
    return f"{listening}: what is published from now on arrives here, nothing of before."


@tells(
    "UNSUBSCRIBE",
    "PUNSUBSCRIBE",
    "SUNSUBSCRIBE",
    why="Messages to these channels no longer arrive. Without a name all are left.",
)
def _unsubscribe(told: Told) -> str:
    items = told.reply.items
    if len(items) == 3 and items[2].kind is Kind.INTEGER:
        left = items[2].number
        return (
            f"Still subscribed to {many(left, 'channel or pattern', 'channels or patterns')}."
            if left
            else "Subscribed to nothing any more."
        )
    return ""


@tells(
    "PUBLISH",
    "SPUBLISH",
    why="The answer counts the subscriptions that received the message: those of that moment, by name or by "
    "a pattern. Redis keeps no message, so what nobody received is lost.",
)
def _publish(told: Told) -> str:
    channel = name(told.words[0])
    if not told.number:
        return f"0: nobody is subscribed to {channel}, so the message is lost."
    return f"{many(told.number, 'subscription')} to {channel} got the message."


@tells(
    "PUBSUB CHANNELS",
    why="Channels with at least one subscriber by name. A channel needs no creation and leaves no trace.",
)
def _channels(told: Told) -> str:
    if not told.count:
        return "No channel has a subscriber."
    return f"{many(told.count, 'channel')} {'has' if told.count == 1 else 'have'} subscribers."


@tells(
    "PUBSUB NUMSUB",
    why="Each channel asked, followed by how many clients are subscribed by name. Patterns do not count.",
)
def _numsub(told: Told) -> str:
    items = told.reply.items
    heard = [key.text for key, count in zip(items[0::2], items[1::2], strict=False) if count.number]
    if not items:
        return "No channel was asked for."
    return (
        f"{names(heard)} {'has' if len(set(heard)) == 1 else 'have'} subscribers."
        if heard
        else "None of them has a subscriber."
    )


@tells("PUBSUB NUMPAT", why="How many different patterns clients are subscribed to.")
def _numpat(told: Told) -> str:
    return (
        f"{many(told.number, 'pattern')} subscribed to."
        if told.number
        else "Nobody is subscribed to a pattern."
    )
