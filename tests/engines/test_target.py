from __future__ import annotations

import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redislab.engines.target import Target, Tls, parse_url
from redislab.errors import UsageError

URLS = [
    ("redis://", Target()),
    ("redis://example.org", Target(host="example.org")),
    ("redis://example.org/", Target(host="example.org")),
    ("redis://example.org:6380", Target(host="example.org", port=6380)),
    ("redis://example.org:6380/3", Target(host="example.org", port=6380, db=3)),
    ("redis://:6380/3", Target(port=6380, db=3)),
    ("redis:///3", Target(db=3)),
    ("redis://example.org?db=3", Target(host="example.org", db=3)),
    ("redis://example.org/?db=3", Target(host="example.org", db=3)),
    ("REDIS://example.org", Target(host="example.org")),
    (" redis://example.org\n", Target(host="example.org")),
    ("rediss://example.org", Target(host="example.org", tls=Tls())),
    ("redis://[::1]", Target(host="::1")),
    ("redis://[::1]:6380/1", Target(host="::1", port=6380, db=1)),
    ("redis://ada:pw@example.org", Target(host="example.org", username="ada", password="pw")),
    ("redis://:pw@example.org", Target(host="example.org", password="pw")),
    ("redis://pw@example.org", Target(host="example.org", password="pw")),
    ("redis://ada:@example.org", Target(host="example.org", username="ada", password="")),
    ("redis://@example.org", Target(host="example.org")),
    ("redis://:@example.org", Target(host="example.org")),
    ("redis://ada:pw@", Target(username="ada", password="pw")),
    ("redis://ada:p%40s%3as%2Fw%25@h", Target(host="h", username="ada", password="p@s:s/w%")),
    ("redis://ada:p@s:s/w?x@h:1/2", Target(host="h", port=1, db=2, username="ada", password="p@s:s/w?x")),
    ("redis://:%C3%A9%ff@h", Target(host="h", password="é\udcff")),
    ("unix:///run/redis.sock", Target(socket_path="/run/redis.sock")),
    ("unix:///run/redis.sock?db=2", Target(socket_path="/run/redis.sock", db=2)),
    ("unix://redis.sock?db=2", Target(socket_path="redis.sock", db=2)),
    ("unix:///run/a%3Fb@c", Target(socket_path="/run/a?b@c")),
    ("unix://ada:pw@/run/redis.sock", Target(socket_path="/run/redis.sock", username="ada", password="pw")),
]

WRONG_URLS = [
    ("", "Invalid URI scheme"),
    ("example.org:6379", "Invalid URI scheme"),
    ("http://ada:secret@example.org", "Invalid URI scheme"),
    ("secret://example.org", "Invalid URI scheme"),
    ("redis:/example.org", "Invalid URI scheme"),
    ("redis://:secret", "port"),
    ("redis://ada:secret", "port"),
    ("redis://example.org:0", "port"),
    ("redis://example.org:65536", "port"),
    ("redis://example.org:６３", "port"),
    ("redis://::1", "brackets"),
    ("redis://[::1", "not closed"),
    ("redis://[::1]secret", "not closed"),
    ("redis://example.org/secret", "database"),
    ("redis://example.org/-1", "database"),
    ("redis://example.org/1/2", "database"),
    ("redis://example.org?password=secret", "Only the database"),
    ("redis://:secret%@example.org", "Illegal character in URI encoding"),
    ("redis://:secret%4@example.org", "Illegal character in URI encoding"),
    ("redis://:secret%zz@example.org", "Illegal character in URI encoding"),
    ("unix://", "names no socket"),
    ("unix://?db=1", "names no socket"),
    ("unix:///run/redis.sock?db=secret", "database"),
]


@pytest.mark.parametrize(("url", "target"), URLS)
def test_urls(url: str, target: Target) -> None:
    assert parse_url(url) == target


@pytest.mark.parametrize(("url", "complaint"), WRONG_URLS)
def test_wrong_urls_are_refused_in_one_line_without_the_password(url: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_url(url)
    assert complaint in refusal.value.message
    assert "\n" not in refusal.value.message
    assert "secret" not in refusal.value.message


@given(user=st.text(min_size=1), password=st.text(min_size=1))
def test_any_user_and_password_survive_a_url(user: str, password: str) -> None:
    url = f"redis://{quote(user, safe='')}:{quote(password, safe='')}@h/1"
    assert parse_url(url) == Target(host="h", db=1, username=user, password=password)


@given(st.text())
def test_any_text_is_a_target_or_a_usage_error(text: str) -> None:
    for url in (text, f"redis://{text}", f"unix://{text}"):
        try:
            parse_url(url)
        except UsageError:
            pass


@pytest.mark.parametrize(
    ("target", "label"),
    [
        (Target(), "127.0.0.1:6379"),
        (Target(host="example.org", port=1), "example.org:1"),
        (Target(host="::1"), "[::1]:6379"),
        (Target(socket_path="/run/redis.sock"), "redis /run/redis.sock"),
    ],
)
def test_labels_are_those_of_the_prompt(target: Target, label: str) -> None:
    assert target.label == label


def test_a_password_is_not_in_the_repr() -> None:
    assert "secret" not in repr(Target(username="ada", password="secret"))


def test_naming_a_server_loads_no_library() -> None:
    code = (
        "import sys; from redislab.engines import real, target;"
        "real.RealEngine(target.parse_url('rediss://u:p@h')).greetings;"
        "sys.exit(any(name in sys.modules for name in ('redis', 'ssl', 'socket')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
