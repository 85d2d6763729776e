"""What each word of a line is, what may follow, and the first word that is wrong."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from redislab.core import words
from redislab.core.catalogue import Argument, Catalogue, Command
from redislab.core.grammar import Match, match, rules
from redislab.core.grammar.values import KINDS
from redislab.core.hint import hint
from redislab.core.keys import key_positions
from redislab.core.roles import Role
from tests.core.lines import fuzzed_words, words_for

CATALOGUE = Catalogue.load()
ROLES = Path(__file__).parent / "grammar_corpus" / "roles.txt"
LETTERS = {
    Role.COMMAND: "C",
    Role.SUBCOMMAND: "S",
    Role.KEY: "K",
    Role.TOKEN: "T",
    Role.NUMBER: "N",
    Role.VALUE: "V",
    Role.UNKNOWN: "?",
}
DECIDED_BY_VALUES = ("MIGRATE", "ZRANGE", "WEIGHTS")  # KEYS needs "" before, BYLEX its own bounds
FUZZED = 100_000 if os.environ.get("REDISLAB_LONG") else 20_000


def read(line: str) -> Match:
    return match(CATALOGUE, words.split(line.encode()))


def golden() -> list[tuple[str, str]]:
    rows = ROLES.read_text(encoding="utf-8").splitlines()
    return [(line, letters) for letters, line in (row.split(maxsplit=1) for row in rows if row[0] != "#")]


class TestRoles:
    def test_every_word_has_its_role(self) -> None:
        different = [
            (line, letters, found)
            for line, letters in golden()
            if (found := "".join(LETTERS[place.role] for place in read(line).places)) != letters
        ]
        assert different == []

    def test_the_lines_are_of_every_command_and_many(self) -> None:
        lines = golden()
        assert len(lines) >= 900
        named = {found.name for line, _ in lines if (found := read(line).command)}
        groups = {found.group for name in named if (found := CATALOGUE.get(name))}
        assert groups == set(CATALOGUE.groups())
        containers = {name for name in CATALOGUE.names() if command(name).is_container}
        assert named | containers == set(CATALOGUE.names())

    def test_the_keys_of_a_complete_line_are_those_of_the_key_specs(self) -> None:
        for line, _ in golden():
            args, found = words.split(line.encode()), read(line)
            if found.complete and found.command is not None:
                keys = [place for place, each in enumerate(found.places) if each.role is Role.KEY]
                assert keys == sorted(set(key_positions(found.command, args))), line

    def test_each_word_is_tied_to_its_argument(self) -> None:
        paths = [place.path for place in read("SET name ada nx EX 10").places]
        assert paths == ["", "key", "value", "condition.nx", "expiration.seconds", "expiration.seconds"]
        for line, _ in golden():
            found = read(line)
            for place in found.places:
                assert (place.argument is None) == (not place.path)
                if place.argument is not None and found.command is not None:
                    last = place.path.split(".")[-1]
                    assert place.argument.name.split(".")[-1] == last
                    assert place.path in set(paths_of(found.command.arguments)) | {"arg"}, line


class TestWrong:
    @pytest.mark.parametrize(
        ("line", "place", "reason"),
        [
            ("SET k v 60", 3, "not an option of SET: NX, XX, GET, EX, PX, EXAT, PXAT, KEEPTTL are"),
            ("SET k v EX soon", 4, "EX needs a number of seconds, 1 or more"),
            ("SET k v NX XX", 4, "XX does not go with NX"),
            ("SET k v EX 10 KEEPTTL", 5, "KEEPTTL does not go with EX"),
            ("GET name Brian Holt", 2, "nothing may follow here"),
            ("PING a b", 2, "nothing may follow here"),
            ("CLIENT FOO", 1, "CLIENT has no FOO"),
            ("FOO", 0, "no such command: FOO"),
            ("LRANGE l a b", 2, "start needs a whole number"),
            ("ZUNION 2 a b WEIGHTS 1 2 3", 7, "one weight a key, and there are 2 keys"),
            ("FLUSHALL ASYNC ASYNC", 2, "ASYNC is there already"),
        ],
    )
    def test_the_first_word_that_is_wrong(self, line: str, place: int, reason: str) -> None:
        wrong = read(line).wrong
        assert wrong is not None
        assert (wrong.place, wrong.reason) == (place, reason)

    @pytest.mark.parametrize(
        ("line", "reason"),
        [
            ("SET k", "still to come: value"),
            ("MSET a 1 b", "still to come: value"),
            ("BLPOP a b", "still to come: timeout"),
            ("XREAD STREAMS a b", "still to come: id or key"),
            ("CLIENT", "CLIENT needs one more word: which part of it"),
            ("GEOSEARCH k BYRADIUS 1 km ASC ANY", "still to come: FROMMEMBER or FROMLONLAT"),
            ("ZRANGE z (1 5", "a rank is a whole number"),
        ],
    )
    def test_what_words_may_still_mend_is_not_wrong_yet(self, line: str, reason: str) -> None:
        found = read(line)
        assert found.wrong is None
        assert not found.complete
        assert found.if_sent is not None
        assert found.if_sent.reason == reason

    def test_a_line_that_could_be_sent_is_complete(self) -> None:
        for line, letters in golden():
            found = read(line)
            assert (found.wrong is not None) == ("?" in letters), line
            assert found.complete == (found.if_sent is None), line

    def test_a_container_that_is_a_command_is_complete(self) -> None:
        assert read("COMMAND").complete
        assert not read("CLIENT").complete

    def test_words_that_would_fit_are_named(self) -> None:
        wrong = read("SET k v EX soon").wrong
        assert wrong is not None
        assert wrong.expected == ("<seconds>",)

    def test_reasons_are_short(self) -> None:
        for line, _ in golden():
            wrong = read(line).if_sent
            assert wrong is None or 0 < len(wrong.reason) <= 120, line


class TestFollowing:
    @pytest.mark.parametrize(
        ("line", "texts"),
        [
            ("SET k v NX", ["GET", "EX", "PX", "EXAT", "PXAT", "KEEPTTL"]),
            ("SET k v EX", ["seconds"]),
            ("GET k", []),
            ("ZADD z XX", ["GT", "LT", "CH", "INCR", "score"]),
            ("ZADD z NX", ["CH", "INCR", "score"]),
            ("XREAD STREAMS a", ["id", "key"]),
            ("HSET h f v", ["field"]),
            ("OBJECT", ["ENCODING", "FREQ", "HELP", "IDLETIME", "REFCOUNT"]),
            ("SINTERCARD 2 a", ["key"]),
            ("SINTERCARD 2 a b", ["LIMIT"]),
            ("XREADGROUP", ["GROUP", "COUNT", "BLOCK", "NOACK"]),
            ("MIGRATE h 1 \"\" 0 1 KEYS a", ["key"]),
        ],
    )  # fmt: skip
    def test_what_may_come_next(self, line: str, texts: list[str]) -> None:
        assert [each.text for each in read(line).following] == texts

    def test_a_token_brings_its_argument(self) -> None:
        option = read("SET k v").following[3]
        assert (option.text, option.path, option.is_token) == ("EX", "expiration.seconds", True)
        assert option.argument is not None
        assert option.argument.name == "seconds"

    def test_what_may_follow_does_not_make_the_line_wrong(self) -> None:
        for line, _ in golden():
            found = read(line)
            if found.wrong is not None:
                continue
            for each in found.following:
                if each.is_token and not any(name in line for name in DECIDED_BY_VALUES):
                    longer = match(CATALOGUE, [*words.split(line.encode()), each.text.strip('"').encode()])
                    assert longer.wrong is None, (line, each.text)


class TestRobust:
    def test_any_words_are_read(self) -> None:
        rng = random.Random(7)
        for _ in range(FUZZED):
            args = fuzzed_words(rng, CATALOGUE)
            found = match(CATALOGUE, args)
            assert len(found.places) == len(args)
            if found.wrong is not None:
                assert found.places[found.wrong.place].role is Role.UNKNOWN
                assert not found.complete
            hint(CATALOGUE, words.quote(args))

    def test_generated_lines_of_every_command_are_right(self) -> None:
        """As far as the description of the syntax goes: values that no server takes aside."""
        rng, wrong = random.Random(3), 0
        for name in CATALOGUE.names():
            for _ in range(20):
                args = [word.encode() for word in [*name.split(), *words_for(rng, command(name).arguments)]]
                wrong += match(CATALOGUE, args).wrong is not None
        assert wrong < 20 * len(CATALOGUE.names()) / 4

    def test_long_lines_take_time_in_proportion(self) -> None:
        started_s = time.process_time()
        for name in (b"MSET", b"DEL", b"BLPOP", b"SUNION"):
            args = [name, *(b"%d" % number for number in range(20_000))]
            assert len(match(CATALOGUE, args).places) == len(args)
        match(CATALOGUE, [b"XREAD", b"STREAMS", *([b"0"] * 20_000)])
        match(CATALOGUE, [b"EVAL", b"", b"10000", *([b"k"] * 20_000)])
        assert time.process_time() - started_s < 5

    def test_a_count_beyond_all_words_is_no_trouble(self) -> None:
        for count in (b"9223372036854775807", b"99999999999999999999", b"-1", b"1e9"):
            match(CATALOGUE, [b"ZUNION", count, b"a"])


class TestOtherCatalogues:
    """Commands of newer servers and modules, known from their own COMMAND DOCS."""

    def test_fields_are_counted_as_keys_are(self) -> None:
        counted = [
            {"name": "numfields", "type": "integer"},
            {"name": "field", "type": "string", "multiple": True},
        ]
        catalogue = one_command(
            "HTTL",
            [
                {"name": "key", "type": "key"},
                {"name": "fields", "type": "block", "token": "FIELDS", "arguments": counted},
            ],
        )
        assert match(catalogue, b"HTTL h FIELDS 2 a b".split()).complete
        wrong = match(catalogue, b"HTTL h FIELDS 2 a b c".split()).wrong
        assert wrong is not None
        assert wrong.place == 6

    @pytest.mark.parametrize("kind", ["oneof", "block", "pure-token", "vector", "key", "integer"])
    def test_a_syntax_that_makes_no_sense_is_read_too(self, kind: str) -> None:
        catalogue = one_command("ODD", [{"name": "x", "type": kind, "optional": True, "multiple": True}])
        for count in range(4):
            args = [b"ODD", *([b"x"] * count)]
            assert len(match(catalogue, args).places) == len(args)

    def test_a_repetition_of_nothing_ends(self) -> None:
        inner = [{"name": "y", "type": "string", "optional": True}]
        catalogue = one_command("ODD", [{"name": "x", "type": "block", "multiple": True, "arguments": inner}])
        assert match(catalogue, b"ODD a b".split()).wrong is None
        assert match(catalogue, b"ODD".split()).wrong is None

    def test_of_a_command_without_arguments_all_words_may_follow(self) -> None:
        found = match(one_command("ODD", []), b"ODD a b".split())
        assert found.complete
        assert [place.role for place in found.places] == [Role.COMMAND, Role.VALUE, Role.VALUE]


def one_command(name: str, arguments: list[dict[str, object]]) -> Catalogue:
    facts = {"group": "module", "since": "9.0", "arity": -1, "flags": [], "arguments": arguments}
    return Catalogue({"redis_version": "9.0", "commands": {name: facts}})


class TestRules:
    @pytest.mark.parametrize("place", sorted(rules.places()))
    def test_every_row_names_an_argument(self, place: str) -> None:
        name = " ".join(word for word in place.split() if word.isupper())
        path = place.split()[-1]
        assert path in set(paths_of(command(name).arguments))

    def test_every_row_names_a_command(self) -> None:
        for table in (rules.IN_ANY_ORDER, rules.REFUSED, rules.MIXED, rules.ONCE, rules.IGNORES_THE_REST):
            for name in table:
                command(name)

    def test_every_row_names_a_kind(self) -> None:
        assert set(rules.KINDS.values()) <= set(KINDS)

    def test_every_pair_is_of_options(self) -> None:
        for name, pairs in [*rules.REFUSED.items(), *rules.MIXED.items()]:
            options = set(tokens_of(command(name).arguments))
            assert {option for pair in pairs for option in pair} <= options, name


def command(name: str) -> Command:
    found = CATALOGUE.get(name)
    assert found is not None, name
    return found


def paths_of(arguments: tuple[Argument, ...], above: str = "") -> list[str]:
    found = []
    for argument in arguments:
        path = f"{above}.{argument.name}" if above else argument.name
        found += [path, *paths_of(argument.arguments, path)]
    return found


def tokens_of(arguments: tuple[Argument, ...]) -> list[str]:
    found = []
    for argument in arguments:
        found += [argument.token or "", *tokens_of(argument.arguments)]
    return found
