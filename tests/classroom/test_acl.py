"""The ACL file of a shared Redis: what it lets through, on running servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from redislab.classroom import acl
from tests.classroom.shared import TEACHER_PASSWORD, SharedRedis, account, shared_redis
from tests.conftest import NO_NEWER
from tests.servers import find_newer_redis_server

# All that a student may run without naming a key or a channel that is theirs. A command that is new in
# a later Redis, and falls into a category that is granted, has to be looked at before it comes in here.
KEYLESS = {
    *["ping", "echo", "time", "acl|whoami", "auth", "hello", "quit", "reset"],
    *["client|id", "client|info", "client|getname", "client|setname"],
    *["command|count", "command|docs", "command|getkeys", "command|getkeysandflags"],
    *["command|help", "command|info", "command|list"],
    *["multi", "exec", "discard", "unwatch"],
    *["object|help", "xgroup|help", "xinfo|help"],
    *["subscribe", "unsubscribe", "psubscribe", "punsubscribe", "publish"],  # channels: `&s:ID:*`
    "sunsubscribe",
}
# Commands in which `1 1 1` names no key, with one.
WHOLE = {
    "xread": ["XREAD", "STREAMS", "1", "0"],
    "xreadgroup": ["XREADGROUP", "GROUP", "g", "c", "STREAMS", "1", ">"],
}


@pytest.fixture(scope="module", params=["7.0", "8"])
def shared(request: pytest.FixtureRequest, redis_server_path: str) -> Iterator[SharedRedis]:
    program: str | None = redis_server_path if request.param == "7.0" else find_newer_redis_server()
    if program is None:
        pytest.skip(NO_NEWER)
    with shared_redis("ada", "bob", program=program) as running:
        yield running


def client(shared: SharedRedis, who: acl.Account) -> redis.Redis:
    return redis.Redis.from_url(who.url("127.0.0.1", shared.server.port), decode_responses=True)


def teacher(shared: SharedRedis) -> redis.Redis:
    url = acl.teacher_url(TEACHER_PASSWORD, "127.0.0.1", shared.server.port)
    return redis.Redis.from_url(url, decode_responses=True)


def test_what_students_do_without_naming_a_key_is_a_list_that_was_looked_at(shared: SharedRedis) -> None:
    free, reached = set(), []
    with teacher(shared) as asking:
        for name, info in _commands(asking):
            for more in range(
                4 if info[1] < 0 else 1
            ):  # key rules may hold from a certain number of words on
                words = WHOLE.get(name) or name.split("|")
                words = [*words, *["1"] * (abs(int(info[1])) - len(words) + more)]
                if asking.acl_dryrun("s-ada", *words) != "OK":
                    continue
                if _names_keys(info):
                    reached.append(" ".join(words))
                else:
                    free.add(name)
    assert not reached, "1 is nobody's key"
    assert free <= KEYLESS
    assert {"ping", "multi", "client|setname"} <= free


def _names_keys(info: list[Any]) -> bool:
    return "movablekeys" in info[2] or any("not_key" not in spec["flags"] for spec in map(_pairs, info[8]))


def _pairs(flat: list[Any] | dict[str, Any]) -> dict[str, Any]:
    return flat if isinstance(flat, dict) else dict(zip(flat[::2], flat[1::2], strict=True))


def _commands(asking: redis.Redis) -> Iterator[tuple[str, list[Any]]]:
    """Every command and subcommand, as COMMAND tells them."""
    asking.set_response_callback("COMMAND", lambda reply, **_: reply)
    pending: list[list[Any]] = list(cast(Any, asking.command()))
    while pending:
        info = pending.pop()
        pending += info[9]
        if not info[9]:  # CLIENT alone is no command
            yield info[0], info


def test_what_a_course_of_data_types_needs_is_there(shared: SharedRedis) -> None:
    with client(shared, shared.ada) as ada:
        ada.set("s:ada:n", 1, ex=600)
        assert ada.incr("s:ada:n") == 2
        ada.rpush("s:ada:l", "a", "b")
        ada.hset("s:ada:h", mapping={"f": 1})
        ada.zadd("s:ada:z", {"m": 1})
        ada.sadd("s:ada:s", "x")
        ada.xadd("s:ada:x", {"f": "v"})
        ada.pfadd("s:ada:p", "x")
        ada.geoadd("s:ada:g", (13.4, 52.5, "berlin"))
        ada.setbit("s:ada:b", 7, 1)
        assert ada.blpop(["s:ada:l"], 1) == ("s:ada:l", "a")
        with ada.pipeline(transaction=True) as both:
            both.watch("s:ada:n")
            both.multi()
            both.incr("s:ada:n").expire("s:ada:n", 60)
            assert both.execute() == [3, True]
        assert ada.object("ENCODING", "s:ada:n") == "int"
        with ada.pubsub() as listening:
            listening.psubscribe("s:ada:*")
            assert listening.get_message(timeout=10) is not None
            assert ada.publish("s:ada:news", "hi") == 1
        assert ada.acl_whoami() == "s-ada"
        keys = [f"s:ada:{each}" for each in "nlhzsxpgb"]
        assert ada.delete(*keys) == len(keys)


def test_nobody_gets_in_without_a_password(shared: SharedRedis) -> None:
    with redis.Redis(port=shared.server.port) as stranger:
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()
    with redis.Redis(port=shared.server.port, username="default", password="x") as stranger:
        with pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_the_teacher_may_do_everything(shared: SharedRedis) -> None:
    assert teacher(shared).flushall()
    assert teacher(shared).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_the_file_holds_sums_and_no_passwords() -> None:
    students = [account("ada"), account("bob")]
    text = acl.users_acl(students, TEACHER_PASSWORD)
    assert not [each for each in [*students] if each.password in text]
    assert TEACHER_PASSWORD not in text
    assert len(re.findall(r"#[0-9a-f]{64}\b", text)) == 3
    assert "password" not in repr(students[0])


def test_a_student_called_default_is_not_the_default_user() -> None:
    text = acl.users_acl([account("default"), account("teacher")], TEACHER_PASSWORD)
    assert [line.split()[1] for line in text.splitlines()] == ["default", "teacher", "s-default", "s-teacher"]


@given(st.text(max_size=70))
def test_an_id_is_plain_or_refused(student_id: str) -> None:
    try:
        prefix = account(student_id).prefix
    except ValueError:
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", student_id) is None
    else:
        assert not set(prefix) & set("*?[]\\ \n\t\"'")


@pytest.mark.parametrize("password", ["", "x" * 21, "with a space in it and more", "p" * 21 + "\n", "ü" * 30])
def test_a_password_that_can_be_guessed_or_would_break_the_file_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="22 letters"):
        acl.Account("ada", password)
    with pytest.raises(ValueError, match="22 letters"):
        acl.users_acl([account("ada")], password)


def test_two_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="two accounts"):
        acl.users_acl([account("ada"), account("ada")], TEACHER_PASSWORD)


def test_addresses() -> None:
    assert account("ada").url("class.example", 6379).endswith("@class.example:6379/0")
    assert acl.teacher_url(TEACHER_PASSWORD, "::1", 6379).endswith("@[::1]:6379/0")


def test_each_leak_is_told_and_stands_in_the_documentation() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "classroom-shared.md").read_text().split())
    for leak in acl.CANNOT_PREVENT:
        assert f"- {leak.what}\n  {leak.remedy}\n" in acl.told()
        assert f"| {leak.what} | {leak.remedy} |" in page
