"""Plain redis-py clients for any engine: what `redislab.connect` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redislab.core.engine import Engine
from redislab.engines.embedded import EmbeddedEngine
from redislab.engines.private import PrivateEngine
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import UsageError

PLACE_OPTIONS = frozenset({"host", "port", "unix_socket_path", "connection_pool", "ssl"})


def client(engine: Engine, db: int, options: Mapping[str, Any], *, asyncio: bool) -> Any:
    """A `redis.Redis`, or one of `redis.asyncio`, on the engine's data; `options` are theirs.

    A command is sent once and waited for as long as it takes, unless the options say otherwise: no
    retries, no timeout. Raises UsageError for options that name another place.
    """
    elsewhere = sorted(PLACE_OPTIONS & options.keys())
    if elsewhere:
        raise UsageError(
            f"connect() goes where the notebook is: leave {elsewhere[0]} out. "
            "%redis_connect or REDISLAB_URL says where that is; redis.Redis(…) goes anywhere."
        )
    wishes = {"db": db, "socket_timeout": None, **_once(asyncio), **options}
    if isinstance(engine, EmbeddedEngine):
        from redislab.engines.embedded import redispy

        return (redispy.asyncio_client if asyncio else redispy.client)(engine, wishes)
    if isinstance(engine, PrivateEngine):
        return _at(engine.started.target, wishes, asyncio=asyncio)
    assert isinstance(engine, RealEngine)
    return _at(engine.target, wishes, asyncio=asyncio)


def _once(asyncio: bool) -> dict[str, Any]:
    """No command is sent again by itself: nobody knows whether it ran."""
    from redis.backoff import NoBackoff

    if asyncio:
        from redis.asyncio.retry import Retry as AsyncRetry

        return {"retry": AsyncRetry(NoBackoff(), 0)}
    from redis.retry import Retry

    return {"retry": Retry(NoBackoff(), 0)}


def _at(target: Target, wishes: Mapping[str, Any], *, asyncio: bool) -> Any:
    import redis.asyncio

    module: Any = redis.asyncio if asyncio else redis
    where: dict[str, Any] = {"username": target.username, "password": target.password}
    if target.protocol is not None:
        where["protocol"] = target.protocol
    if target.socket_path is not None:
        where["unix_socket_path"] = target.socket_path
    else:
        where |= {"host": target.host, "port": target.port}
    if target.tls is not None:
        where |= _tls(target)
    options = {**where, **wishes}
    if target.cluster:
        options.pop("db")
        return (redis.asyncio.RedisCluster if asyncio else redis.RedisCluster)(**options)
    return module.Redis(**options)


def _tls(target: Target) -> dict[str, Any]:
    tls = target.tls
    assert tls is not None
    if tls.sni or tls.ciphersuites:
        raise UsageError(
            "redis-py knows no --sni and no --tls-ciphersuites; the magics do, connect() cannot go there."
        )
    return {
        "ssl": True,
        "ssl_ca_certs": tls.cacert,
        "ssl_ca_path": tls.cacertdir,
        "ssl_certfile": tls.cert,
        "ssl_keyfile": tls.key,
        "ssl_cert_reqs": "none" if tls.insecure else "required",
        "ssl_check_hostname": not tls.insecure,
        "ssl_ciphers": tls.ciphers,
    }
