"""The users of one lab, and the log of what was refused to them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redislab.engines.embedded.acl import BadRule, Denied, Names, Refusal, User, everything
from redislab.engines.embedded.results import Fail

if TYPE_CHECKING:
    from redislab.core.catalogue import Catalogue
    from redislab.engines.embedded.client import Client
    from redislab.engines.embedded.table import Entry

DEFAULT = b"default"
WRONG_PASSWORD = b"WRONGPASS invalid username-password pair or user is disabled."
_RECENT = 10  # entries of the log among which the same one is looked for
_SAME_WITHIN_S = 60.0
_REASONS = {Denied.COMMAND: b"command", Denied.KEY: b"key", Denied.CHANNEL: b"channel"}
_IN_SCRIPT = {
    Denied.COMMAND: "can't run this command or subcommand",
    Denied.KEY: "can't access at least one of the keys mentioned in the command arguments",
    Denied.CHANNEL: "can't publish to the channel mentioned in the command",
}


@dataclass
class LogEntry:
    reason: bytes
    context: bytes
    target: bytes
    user: bytes
    at_s: float
    client: bytes
    count: int = 1


class Users:
    def __init__(self, catalogue: Catalogue) -> None:
        self.names = Names(catalogue)
        self.default = User(DEFAULT, on=True, nopass=True, root=everything(self.names))
        self._users: dict[bytes, User] = {DEFAULT: self.default}
        self.log: deque[LogEntry] = deque()  # the latest first

    def find(self, name: bytes) -> User | None:
        return self._users.get(name)

    def all(self) -> list[User]:
        return [self._users[name] for name in sorted(self._users)]

    def change(self, name: bytes, rules: list[bytes]) -> None:
        """ACL SETUSER: all rules or none. Raises Fail."""
        known = self._users.get(name)
        made = User(name) if known is None else deepcopy(known)
        for rule in _merged(rules):
            try:
                made.apply(rule, self.names)
            except BadRule as bad:
                raise Fail(
                    b"ERR Error in ACL SETUSER modifier '%b': %b" % (rule, str(bad).encode())
                ) from None
        if known is None:
            self._users[name] = made
        else:
            vars(known).update(vars(made))  # clients hold the user: it stays the same object

    def remove(self, name: bytes) -> User | None:
        """The user that is gone; None if there was none. Raises Fail."""
        if name == DEFAULT:
            raise Fail(b"ERR The 'default' user cannot be removed")
        return self._users.pop(name, None)

    def set_default_password(self, password: bytes) -> None:
        """CONFIG SET requirepass."""
        self.default.apply(b"resetpass" if password else b"nopass", self.names)
        if password:
            self.default.apply(b">" + password, self.names)

    def login(self, client: Client, name: bytes, password: bytes, command: bytes) -> User:
        """Raises Fail."""
        user = self._users.get(name)
        if user is not None and user.accepts(password):
            return user
        self._note(client, b"auth", command, name)
        raise Fail(WRONG_PASSWORD)

    # -- what is refused ------------------------------------------------------------------------

    def check(self, client: Client, entry: Entry, words: Sequence[bytes]) -> None:
        """Raises Fail."""
        refusal = client.account.refusal(entry, words)
        if refusal is None:
            return
        self.note_refusal(client, entry, words, refusal)
        if client.in_exec:
            reason = _IN_SCRIPT[refusal.reason]
            raise Fail(
                "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
                f"call. This command is no longer allowed for the following reason: {reason}"
            )
        if refusal.reason is Denied.COMMAND:
            raise Fail(f"NOPERM this user has no permissions to run the '{entry.full_name}' command")
        kind = "keys" if refusal.reason is Denied.KEY else "channels"
        raise Fail(f"NOPERM this user has no permissions to access one of the {kind} used as arguments")

    def refused_in_script(self, client: Client, entry: Entry, words: Sequence[bytes]) -> str | None:
        """The error that the script gets; None if the command may be run."""
        refusal = client.account.refusal(entry, words)
        if refusal is None:
            return None
        self.note_refusal(client, entry, words, refusal)
        return f"ERR The user executing the script {_IN_SCRIPT[refusal.reason]}"

    def note_refusal(self, client: Client, entry: Entry, words: Sequence[bytes], refusal: Refusal) -> None:
        is_command = refusal.reason is Denied.COMMAND
        target = entry.full_name.encode() if is_command else words[refusal.place]
        self._note(client, _REASONS[refusal.reason], target, client.user)

    def _note(self, client: Client, reason: bytes, target: bytes, user: bytes) -> None:
        from redislab.engines.embedded.commands.clients import describe

        lab = client.lab
        context = b"lua" if client.in_script else b"multi" if client.in_transaction else b"toplevel"
        entry = LogEntry(reason, context, target, user, lab.clock.time(), describe(client))
        for place, other in enumerate(list(self.log)[:_RECENT]):
            same = (other.reason, other.context, other.target, other.user) == (reason, context, target, user)
            if same and entry.at_s - other.at_s <= _SAME_WITHIN_S:
                del self.log[place]
                entry.count = other.count + 1
                break
        self.log.appendleft(entry)
        while len(self.log) > lab.settings.number("acllog-max-len"):
            self.log.pop()


def _merged(rules: list[bytes]) -> list[bytes]:
    """Rules in which the words of a selector, `(…)`, are one. Raises Fail."""
    merged: list[bytes] = []
    open_words: list[bytes] = []
    for rule in rules:
        if open_words:
            open_words.append(rule)
        elif rule[:1] == b"(" and rule[-1:] != b")":
            open_words = [rule]
            continue
        else:
            merged.append(rule)
            continue
        if rule[-1:] == b")":
            merged.append(b" ".join(open_words))
            open_words = []
    if open_words:
        raise Fail(b"ERR Unmatched parenthesis in acl selector starting at '%b'." % open_words[0])
    return merged
