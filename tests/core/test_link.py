"""What a lost connection means: nothing sent twice, nothing forgotten in silence."""

from __future__ import annotations

import pytest

from redislab.core.engine import Engine
from redislab.core.link import Link
from redislab.core.session import Session
from redislab.core.state import ClientState
from redislab.engines.real import RealEngine
from redislab.engines.target import Target
from redislab.errors import ConnectionLost, ProtocolError, TransactionLost, Unreachable
from tests.servers import DroppingProxy, RedisCluster, RedisServer
from tests.wire import WireServer


def engine(port: int, **wishes: object) -> Engine:
    return RealEngine(Target(port=port, **wishes))  # type: ignore[arg-type]


def said(session: Session, *words: str) -> bytes:
    reply = session.run([word.encode() for word in words]).reply
    assert reply is not None
    return reply.text or str(reply.value).encode()


@pytest.mark.parametrize("let_through", [0, 2])
def test_a_command_whose_reply_was_lost_is_sent_once(server: RedisServer, let_through: int) -> None:
    with DroppingProxy(server.port, drop_at=2, let_through=let_through) as proxy:
        session = Session(engine(proxy.port))
        assert said(session, "INCR", "n") == b"1"
        with pytest.raises(ConnectionLost) as loss:
            session.run([b"INCR", b"n"])
        assert loss.value.unanswered == 1
        assert not session.connected
        assert said(session, "GET", "n") == b"2"  # it ran; the user is told that it may have
        assert proxy.commands.count([b"INCR", b"n"]) == 2


def test_a_batch_that_breaks_tells_how_many_are_unanswered(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=3) as proxy:
        link = Link(engine(proxy.port))
        link.send([[b"INCR", b"n"]] * 3)
        with pytest.raises(ConnectionLost) as loss:
            list(link.arrivals())
        assert loss.value.unanswered == 3
        assert len(proxy.commands) == 3


def test_a_database_is_selected_again_and_that_is_said(server: RedisServer) -> None:
    notices: list[str] = []
    with DroppingProxy(server.port, drop_at=3) as proxy:
        session = Session(engine(proxy.port), db=2, notice=notices.append)
        said(session, "SET", "k", "in two")
        with pytest.raises(ConnectionLost):
            session.run([b"GET", b"k"])
        assert said(session, "GET", "k") == b"in two"
        assert notices == ["Connected again; database 2 is selected again."]


def test_a_drop_inside_multi_blocks_until_it_is_acknowledged(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=3) as proxy:
        session = Session(engine(proxy.port))
        said(session, "MULTI")
        said(session, "SET", "a", "1")
        with pytest.raises(ConnectionLost):
            session.run([b"SET", b"b", b"2"])
        for _ in range(2):
            with pytest.raises(TransactionLost, match=r"inside MULTI: 1 queued command did not run"):
                session.run([b"SET", b"c", b"3"])
        assert [b"SET", b"c", b"3"] not in proxy.commands
        session.link.acknowledge()
        assert said(session, "SET", "c", "3") == b"OK"
        assert said(session, "EXISTS", "a", "b") == b"0"


def test_a_drop_after_exec_says_that_all_or_nothing_ran(server: RedisServer) -> None:
    with DroppingProxy(server.port, drop_at=3) as proxy:
        session = Session(engine(proxy.port))
        said(session, "MULTI")
        said(session, "SET", "a", "1")
        with pytest.raises(ConnectionLost):
            session.run([b"EXEC"])
        with pytest.raises(TransactionLost, match="all of the transaction ran, or nothing"):
            session.run([b"GET", b"a"])


def test_a_reply_that_nobody_asked_for_ends_the_connection() -> None:
    with WireServer(lambda command: b"+OK\r\n+AND MORE\r\n") as server:
        session = Session(engine(server.port))
        session.run([b"PING"])
        with pytest.raises(ProtocolError, match="not sent"):
            list(session.messages(1))
        assert not session.connected


def test_a_database_that_does_not_exist_lets_nothing_run(server: RedisServer) -> None:
    session = Session(engine(server.port), db=99)
    with pytest.raises(Unreachable, match="Database 99 cannot be selected, so nothing was sent"):
        session.run([b"SET", b"k", b"v"])
    assert server.cli("EXISTS", "k").stdout == b"0\n"


def test_a_failed_login_is_said_and_the_server_decides(server: RedisServer) -> None:
    notices: list[str] = []
    session = Session(engine(server.port, password="nope"), notice=notices.append)
    assert said(session, "PING") == b"PONG"
    assert len(notices) == 1
    assert notices[0].startswith("AUTH failed: ")
    assert "nope" not in notices[0]


def test_a_transaction_knows_which_commands_failed(server: RedisServer) -> None:
    session = Session(engine(server.port))
    for words in (["MULTI"], ["SET", "a", "x"], ["LPUSH", "a", "1"], ["GET", "a"]):
        said(session, *words)
    assert session.prompt.endswith("(TX)")
    outcome = session.run([b"EXEC"])
    ((place, args, error),) = outcome.failed_items
    assert (place, args, error.code) == (2, (b"LPUSH", b"a", b"1"), "WRONGTYPE")
    assert not session.prompt.endswith("(TX)")


def test_the_prompt_follows_select_and_a_discarded_one_goes_back(server: RedisServer) -> None:
    session = Session(engine(server.port))
    assert session.prompt == f"127.0.0.1:{server.port}"
    said(session, "SELECT", "3")
    assert session.prompt == f"127.0.0.1:{server.port}[3]"
    said(session, "MULTI")
    said(session, "SELECT", "5")
    said(session, "DISCARD")
    assert session.prompt == f"127.0.0.1:{server.port}[3]"


def test_unsubscribing_from_several_channels_is_one_command(server: RedisServer) -> None:
    session = Session(engine(server.port))
    said(session, "UNSUBSCRIBE", "a", "b", "c")
    assert said(session, "PING") == b"PONG"


@pytest.mark.parametrize("protocol", [2, 3])
def test_listening_and_back(server: RedisServer, protocol: int) -> None:
    session = Session(engine(server.port, protocol=protocol))
    session.run([b"SUBSCRIBE", b"one", b"two"])
    assert session.prompt.endswith("(subscribed mode)")
    server.cli("PUBLISH", "one", "hello")
    message = next(session.messages(5))
    assert [item.text for item in message.items] == [b"message", b"one", b"hello"]
    session.link.send([[b"UNSUBSCRIBE"]])
    farewells = session.messages(5)
    next(farewells)
    next(farewells)
    assert not session.listening
    assert said(session, "PING") == b"PONG"


def test_client_reply_off_and_skip_do_not_hang(server: RedisServer) -> None:
    session = Session(engine(server.port))
    assert session.run([b"CLIENT", b"REPLY", b"OFF"]).reply is None
    assert session.run([b"SET", b"a", b"1"]).reply is None
    assert said(session, "CLIENT", "REPLY", "ON") == b"OK"
    assert session.run([b"CLIENT", b"REPLY", b"SKIP"]).reply is None
    assert session.run([b"PING"]).reply is None
    assert said(session, "GET", "a") == b"1"


def test_redirections_of_a_cluster_are_followed(redis_server_path: str, redis_cli: str) -> None:
    notices: list[str] = []
    with RedisCluster() as cluster:
        node = cluster.nodes[0]
        session = Session(engine(node.port, cluster=True), notice=notices.append)
        for index in range(30):
            assert said(session, "SET", f"key:{index}", "v") == b"OK"
        assert any(notice.startswith("-> Redirected to slot [") for notice in notices)
        plain = Session(engine(node.port))
        answers = [said(plain, "GET", f"key:{index}") for index in range(30)]
        assert any(answer.startswith(b"MOVED ") for answer in answers)


def test_a_new_client_begins_anew_but_for_the_wanted_database() -> None:
    state = ClientState(wanted_db=4, db=4, in_multi=True, subscriptions=2, muted=True)
    state.begin()
    assert state == ClientState(wanted_db=4)


class TestListening:
    def test_under_resp3_commands_are_answered_and_observed_while_subscribed(
        self, server: RedisServer
    ) -> None:
        session = Session(engine(server.port, protocol=3))
        session.run([b"SUBSCRIBE", b"a"])
        assert said(session, "SELECT", "3") == b"OK"
        assert said(session, "MULTI") == b"OK"
        assert session.link.state.in_multi
        assert session.link.state.wanted_db == 3
        said(session, "DISCARD")
        said(session, "UNSUBSCRIBE", "a")
        assert session.prompt == f"127.0.0.1:{server.port}[3]"

    @pytest.mark.parametrize("protocol", [2, 3])
    def test_every_confirmation_of_an_unsubscribe_is_waited_for(
        self, server: RedisServer, protocol: int
    ) -> None:
        session = Session(engine(server.port, protocol=protocol))
        session.run([b"SUBSCRIBE", b"a"])
        session.run([b"UNSUBSCRIBE", b"a", b"b", b"c"])
        while session.link.state.confirmations:
            list(session.messages(0.2))
        assert said(session, "PING") == b"PONG"

    def test_shard_channels_are_counted_apart(self, server: RedisServer) -> None:
        session = Session(engine(server.port))
        session.run([b"SSUBSCRIBE", b"s"])
        session.run([b"SUBSCRIBE", b"a"])
        session.run([b"SUNSUBSCRIBE", b"s"])
        while session.link.state.confirmations:
            list(session.messages(0.2))
        assert session.listening
        server.cli("PUBLISH", "a", "hello")
        assert next(session.messages(5)).items[2].text == b"hello"

    def test_reset_ends_listening(self, server: RedisServer) -> None:
        session = Session(engine(server.port))
        session.run([b"SUBSCRIBE", b"a"])
        session.run([b"RESET"])
        assert next(session.messages(5)).text == b"RESET"
        assert not session.prompt.endswith("(subscribed mode)")

    def test_a_reply_that_looks_like_a_confirmation_is_data(self, server: RedisServer) -> None:
        session = Session(engine(server.port))
        session.run([b"EVAL", b"return {'subscribe','a',5}", b"0"])
        assert not session.link.state.subscribed

    def test_a_refused_subscription_is_not_waited_for(self, redis_server_path: str) -> None:
        with RedisServer("--user", "ada", "on", "nopass", "+@all", "resetchannels", "&a") as server:
            session = Session(engine(server.port))
            session.run([b"AUTH", b"ada", b"x"])
            session.run([b"SUBSCRIBE", b"a"])
            session.run([b"SUBSCRIBE", b"b"])
            assert next(session.messages(5)).code == "NOPERM"
            assert not session.link.state.confirmations

    def test_half_a_message_does_not_swallow_the_next_connection(self, server: RedisServer) -> None:
        with DroppingProxy(server.port, drop_at=1, let_through=20) as proxy:
            session = Session(engine(proxy.port))
            with pytest.raises(ConnectionLost):
                session.run([b"SUBSCRIBE", b"a"])
            session.run([b"SUBSCRIBE", b"a"])
            server.cli("PUBLISH", "a", "hello")
            message = next(session.messages(5))
        assert [item.text for item in message.items] == [b"message", b"a", b"hello"]


def test_a_connection_lost_after_watch_must_be_acknowledged(server: RedisServer) -> None:
    session = Session(engine(server.port))
    said(session, "WATCH", "a")
    session.close()
    with pytest.raises(TransactionLost, match="no longer watched"):
        said(session, "MULTI")
    session.link.acknowledge()
    assert said(session, "MULTI") == b"OK"


def test_a_select_that_failed_in_a_transaction_is_none(server: RedisServer) -> None:
    session = Session(engine(server.port))
    for words in (["SELECT", "2"], ["MULTI"], ["SELECT", "99"], ["EXEC"]):
        session.run([word.encode() for word in words])
    assert session.prompt.endswith("[2]")
    for words in (["MULTI"], ["SELECT", "5"], ["EXEC"]):
        session.run([word.encode() for word in words])
    assert session.prompt.endswith("[5]")


def test_a_select_without_an_answer_is_believed(server: RedisServer) -> None:
    session = Session(engine(server.port))
    for words in (["CLIENT", "REPLY", "OFF"], ["SELECT", "3"], ["CLIENT", "REPLY", "ON"]):
        session.run([word.encode() for word in words])
    assert session.prompt.endswith("[3]")
