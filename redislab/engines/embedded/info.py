"""INFO: what a lone server says of itself, where it has a meaning here."""

from __future__ import annotations

import os
import platform
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from redislab.engines.embedded.engine import VERSION

if TYPE_CHECKING:
    from redislab.engines.embedded.client import Client

Field = tuple[str, object]


def text(client: Client, names: list[bytes]) -> bytes:
    """The sections asked for, in their own order; without names the usual ones."""
    wanted = {name.lower().decode("latin-1") for name in names} or {"default"}
    usual = bool(wanted & {"default", "all", "everything"})
    every = bool(wanted & {"all", "everything"})
    shown = []
    for name, section in SECTIONS.items():
        if name in wanted or every or (usual and name not in UNUSUAL):
            rows = "".join(f"{field}:{value}\r\n" for field, value in section(client))
            shown.append(f"# {TITLES.get(name, name.capitalize())}\r\n{rows}")
    return "\r\n".join(shown).encode("utf-8", "surrogateescape")


def _server(client: Client) -> Iterator[Field]:
    lab = client.lab
    uptime_s = int(lab.clock.time() - lab.started_s)
    yield "redis_version", ".".join(map(str, VERSION))
    yield "redis_git_sha1", "00000000"
    yield "redis_git_dirty", 0
    yield "redis_build_id", "redislab"
    yield "redis_mode", "standalone"
    yield "os", f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "arch_bits", struct.calcsize("P") * 8
    yield "monotonic_clock", "Python time.monotonic"
    yield "multiplexing_api", "none"
    yield "process_id", os.getpid()
    yield "run_id", lab.run_id
    yield "tcp_port", 0
    yield "server_time_usec", int(lab.clock.time() * 1_000_000)
    yield "uptime_in_seconds", uptime_s
    yield "uptime_in_days", uptime_s // 86_400
    yield "hz", 10
    yield "configured_hz", 10
    yield "executable", sys.executable
    yield "config_file", ""


def _clients(client: Client) -> Iterator[Field]:
    lab = client.lab
    yield "connected_clients", len(lab.visible)
    yield "cluster_connections", 0
    yield "maxclients", lab.settings["maxclients"]
    yield "blocked_clients", len(lab.parked)
    yield "tracking_clients", len(lab.tracking.clients)
    yield (
        "clients_in_timeout_table",
        sum(each.wait is not None and each.wait.deadline_s is not None for each in lab.parked),
    )


def _memory(client: Client) -> Iterator[Field]:
    memory = client.lab.memory
    used = memory.used
    yield "used_memory", used
    yield "used_memory_human", _human(used)
    yield "used_memory_rss", _resident_bytes()
    yield "maxmemory", memory.limit
    yield "maxmemory_human", _human(memory.limit)
    yield "maxmemory_policy", client.lab.settings["maxmemory-policy"]
    yield "number_of_cached_scripts", len(client.lab.scripts.sources)
    yield "number_of_functions", client.lab.functions.count
    yield "number_of_libraries", len(client.lab.functions.libraries)
    yield "mem_allocator", "Python"
    yield "lazyfree_pending_objects", 0  # Python frees at once


def _human(size: int) -> str:
    """As Redis writes sizes: 0B, 863.25K, 1.00M."""
    for unit, letter in ((1 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")):
        if size >= unit:
            return f"{size / unit:.2f}{letter}"
    return f"{size}B"


def _resident_bytes() -> int:
    """Of the whole process: Python does not say what the data alone takes. 0 where it is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _persistence(client: Client) -> Iterator[Field]:
    yield "loading", 0
    yield "rdb_changes_since_last_save", client.lab.counts["changes"]
    yield "rdb_bgsave_in_progress", 0
    keeper, rehearsal = client.lab.keeper, client.lab.rehearsal
    yield "rdb_last_save_time", int(client.lab.saved_s)
    yield "rdb_last_bgsave_status", "ok"
    yield "aof_enabled", int(keeper is not None if rehearsal is None else rehearsal.appends)
    yield "aof_rewrite_in_progress", 0
    if keeper is not None:
        yield "aof_last_write_status", "ok" if keeper.problem is None else "err"
        yield "aof_current_size", keeper.size


def _stats(client: Client) -> Iterator[Field]:
    lab = client.lab
    yield "total_connections_received", lab.counts["connections"]
    yield "total_commands_processed", lab.counts["commands"]
    yield "rejected_connections", lab.counts["rejected"]
    yield "expired_keys", lab.counts["expired"]
    yield "evicted_keys", lab.counts["evicted"]
    yield "keyspace_hits", lab.counts["hits"]
    yield "keyspace_misses", lab.counts["misses"]
    yield "pubsub_channels", len(lab.channels)
    yield "pubsub_patterns", len(lab.patterns)
    yield "pubsubshard_channels", len(lab.shards)
    yield "tracking_total_keys", lab.tracking.keys
    yield "tracking_total_items", lab.tracking.readings
    yield "tracking_total_prefixes", lab.tracking.prefixes
    yield "total_error_replies", lab.stats.errors.total()


def _replication(client: Client) -> Iterator[Field]:
    yield "role", "master"
    yield "connected_slaves", 0
    yield "master_failover_state", "no-failover"
    yield "master_replid", client.lab.run_id
    yield "master_replid2", "0" * 40
    yield "master_repl_offset", 0
    yield "second_repl_offset", -1
    yield "repl_backlog_active", 0


def _cpu(client: Client) -> Iterator[Field]:
    used = time.process_time()
    yield "used_cpu_sys", f"{os.times().system:.6f}"
    yield "used_cpu_user", f"{used:.6f}"


def _none(client: Client) -> Iterator[Field]:
    return iter(())


def _commandstats(client: Client) -> Iterator[Field]:
    for name, stat in sorted(client.lab.stats.commands.items()):
        usec = stat.spent_ns // 1000
        yield (
            f"cmdstat_{name}",
            f"calls={stat.calls},usec={usec},usec_per_call={usec / max(stat.calls, 1):.2f},"
            f"rejected_calls={stat.rejected},failed_calls={stat.failed}",
        )


def _errorstats(client: Client) -> Iterator[Field]:
    for code, count in sorted(client.lab.stats.errors.items()):
        yield f"errorstat_{code.decode('utf-8', 'surrogateescape')}", f"count={count}"


def _latencystats(client: Client) -> Iterator[Field]:
    for name, stat in sorted(client.lab.stats.commands.items()):
        if stat.calls:
            shares = (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999))
            shown = ",".join(f"{label}={stat.percentile_us(share):.3f}" for label, share in shares)
            yield f"latency_percentiles_usec_{name}", shown


def _cluster(client: Client) -> Iterator[Field]:
    yield "cluster_enabled", 0


def _keyspace(client: Client) -> Iterator[Field]:
    now_s = client.lab.clock.time()
    for number, db in sorted(client.lab.dbs.items()):
        keys = len(db)
        if keys:
            left = [at - now_s for at in db.expiries()]
            average_ms = int(sum(left) / len(left) * 1000) if left else 0
            yield f"db{number}", f"keys={keys},expires={len(left)},avg_ttl={average_ms}"


SECTIONS: dict[str, Callable[[Client], Iterator[Field]]] = {
    "server": _server,
    "clients": _clients,
    "memory": _memory,
    "persistence": _persistence,
    "stats": _stats,
    "replication": _replication,
    "cpu": _cpu,
    "modules": _none,
    "commandstats": _commandstats,
    "errorstats": _errorstats,
    "latencystats": _latencystats,
    "cluster": _cluster,
    "keyspace": _keyspace,
}
UNUSUAL = frozenset({"commandstats", "latencystats"})
TITLES = {"cpu": "CPU"}
