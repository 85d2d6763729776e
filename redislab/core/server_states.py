"""Errors that speak of the server's state rather than of the command: what each means, what to do.

Keyed by the error code, the reply's first word. One sentence says what is the case, one what helps.
"""

from __future__ import annotations

from collections.abc import Mapping

REMEDIES: Mapping[str, str] = {
    "ASK": (
        "This key's slot is moving to another node of the cluster. Connect with -c, which follows "
        "redirections, or send ASKING and the command to the node named here."
    ),
    "BUSY": (
        "A script is still running, and nothing else runs meanwhile. Wait, or stop it with SCRIPT KILL "
        "(FUNCTION KILL for a function)."
    ),
    "CLUSTERDOWN": (
        "Part of the cluster cannot be reached, so it refuses to answer. CLUSTER INFO and CLUSTER NODES "
        "show which slots and nodes are missing."
    ),
    "CROSSSLOT": (
        "In a cluster all keys of one command must live in the same slot. Give their names a common part "
        "in braces, such as {user:1}:name and {user:1}:mail."
    ),
    "EXECABORT": (
        "One of the commands after MULTI was refused when it was queued, so nothing of the transaction "
        "ran. Start again with MULTI and leave that command out."
    ),
    "LOADING": "The server is reading its data from disk and answers when it is done. Try again in a moment.",
    "MASTERDOWN": (
        "This replica has lost its master and does not hand out old data. INFO replication shows since "
        "when; read from the master, or wait for the link."
    ),
    "MISCONF": (
        "The server cannot save its data to disk and therefore refuses writes. Its log says why; often "
        "the disk is full or the folder is not writable."
    ),
    "MOVED": (
        "This key lives on another node of the cluster: the one named here. Connect with -c, which "
        "follows redirections, or CONNECT to that node."
    ),
    "NOAUTH": "The server wants a password first: AUTH password, or AUTH user password.",
    "NOPERM": (
        "You are logged in, and this user may not do that. ACL WHOAMI says who you are; an administrator "
        "can change the rights with ACL SETUSER."
    ),
    "NOREPLICAS": (
        "Too few replicas follow this server for it to accept writes (min-replicas-to-write). "
        "INFO replication shows how many there are."
    ),
    "NOSCRIPT": (
        "The server does not know a script with this digest: it restarts empty, and SCRIPT FLUSH forgets. "
        "Send the script again with SCRIPT LOAD or EVAL."
    ),
    "OOM": (
        "The server has used all the memory that it may (maxmemory), so it refuses writes. Delete keys, "
        "give keys a time to live, or raise maxmemory."
    ),
    "READONLY": (
        "This server is a replica and takes writes from its master alone. INFO replication names the "
        "master; send writes there."
    ),
    "UNKILLABLE": (
        "The script has already written, and stopping it would leave its work half done. Wait, or end "
        "the server with SHUTDOWN NOSAVE, which loses what was not saved."
    ),
    "WRONGPASS": "No user has this name with this password, or the user is switched off. Try AUTH again.",
}  # fmt: skip


def remedy(code: str) -> str:
    """What helps against an error reply with this code; "" for errors about the command itself."""
    return REMEDIES.get(code, "")
