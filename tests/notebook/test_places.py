"""Where a notebook can go: by TLS, as a user, to a cluster; and what it says where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import redislab
import redislab.shared
from redislab.errors import Unreachable, UsageError
from redislab.shared import Shared
from tests.notebook.notebooks import Notebook
from tests.notebook.test_completing import offered
from tests.servers import Certificates, RedisCluster, RedisServer

connect: Any = redislab.connect


def test_by_tls(notebook: Notebook, tmp_path: Path, redis_server_path: str) -> None:
    certificates = Certificates.make(tmp_path, "127.0.0.1", "localhost")
    with RedisServer("--tls-auth-clients", "no", certificates=certificates) as server:
        place = f"-h 127.0.0.1 -p {server.port} --tls --cacert {certificates.ca}"
        notebook.run(f"%redis_connect {place}")
        assert notebook.run("%redis SET a 1").text == "OK"
        with connect() as client:
            assert client.get("a") == b"1"
        ran = notebook.run(f"%redis_connect rediss://127.0.0.1:{server.port}")
        assert isinstance(ran.error, Unreachable)
        assert "certificate" in ran.shown_error
        notebook.run(f"%redis_connect {place} --sni localhost")
        assert "OK" in notebook.run("%redis SET a 2").text
        with pytest.raises(UsageError, match="--sni"):
            connect()


def test_as_a_user_with_a_password(notebook: Notebook, redis_server_path: str) -> None:
    with RedisServer("--requirepass", "secret") as server:
        url = f"redis://default:{{}}@127.0.0.1:{server.port}/3"
        notebook.run("%redis_connect " + url.format("secret"))
        assert notebook.run("%redis SET a 1").text == "OK"
        with connect() as client:
            assert client.get("a") == b"1"
            assert client.client_info()["db"] == 3
        ran = notebook.run("%redis_connect " + url.format("wrong"))
        assert "AUTH failed: WRONGPASS" in ran.text
        assert "wrong" not in ran.text.replace("WRONGPASS", "")
        ran = notebook.run("%redis GET a")
        assert "NOAUTH" in ran.text


def test_on_a_cluster_redirections_are_followed(
    notebook: Notebook, redis_server_path: str, redis_cli: str
) -> None:
    with RedisCluster() as cluster:
        notebook.run(f"%redis_connect -c -p {cluster.nodes[0].port}")
        ran = notebook.run("%%redis\n" + "\n".join(f"SET key:{n} {n}" for n in range(8)))
        assert ran.text.count("OK") == 8
        assert "Redirected to slot" in ran.text
        with connect(decode_responses=True) as client:
            assert [client.get(f"key:{n}") for n in range(8)] == [str(n) for n in range(8)]


def test_a_wrong_url_in_the_environment_is_said_when_a_command_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redislab.shared, "SHARED", Shared({"REDISLAB_URL": "http://127.0.0.1"}))
    notebook = Notebook(tmp_path)
    assert offered(notebook, "%redis GE|") == ["GE"]
    ran = notebook.run("%redis PING")
    assert isinstance(ran.error, UsageError)
    assert "Invalid URI scheme" in ran.shown_error
    assert "Traceback" not in ran.shown_error
    notebook.close()


def test_a_place_that_is_not_named_is_asked_for(notebook: Notebook) -> None:
    assert "Name a place" in notebook.run("%redis_connect -3").shown_error
    assert "%redis_connect URL" in notebook.run("%redis_connect --help").shown_error
    assert "a whole number" in notebook.run("%redis_connect -p x").shown_error
    assert "Invalid argument" in notebook.run("%redis_connect 'x").shown_error
