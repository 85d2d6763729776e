"""What a student sees beside the task, in the order in which it comes."""

from __future__ import annotations

from redislab.course.library import course, find, load
from redislab.course.model import Lesson
from tests.course.sitting import Sitting


def lesson(id: str) -> Lesson:
    return load(find(id, course()))


def test_what_a_reset_brings_back_was_not_made_by_what_was_typed_before(sitting: Sitting) -> None:
    sitting.open(lesson("hashes"), "wrongtype")
    sitting.types("DEL user:2B", "HSET user:2B city Oslo", ":reset")
    assert "`user:2B` is a string; HSET works on hashes." in sitting.types("HSET user:2B city Oslo")


def test_what_a_command_gives_to_a_client_that_waits_is_shown_before_the_step_is_done(
    sitting: Sitting,
) -> None:
    sitting.open(lesson("lists"), "blpop")
    sitting.types("B: BLPOP mail 10")
    shown = sitting.types("RPUSH mail hello")
    assert "Another client took 1 element at once." in shown
    assert shown.index("B: the answer to BLPOP mail 10") < shown.index("Answer with a number")
    assert sitting.has_passed


def test_a_message_is_shown_before_the_step_is_done(sitting: Sitting) -> None:
    sitting.open(lesson("messages"), "listener")
    sitting.types("PUBLISH orders order-7", "B: SUBSCRIBE orders")
    shown = sitting.types("PUBLISH orders order-8")
    assert shown.index('3) "order-8"') < shown.index("Answer with a number")
