"""What the generators make and the sender sends."""

import time
from typing import NamedTuple, Optional

MASK = 2**64 - 1


class Event(NamedTuple):
    position: tuple  # of integers, rising along a stream: where a generator goes on
    at_us: int  # when it is sent, microseconds since 1970; becomes the record's timestamp
    topic: str
    key: str
    value: Optional[bytes]


def position_text(position):
    return ".".join(map(str, position)).encode()


def position_of(text):
    return tuple(map(int, text.split(b".")))


def chance(*numbers):
    """The same number from 0 to 1 for the same arguments, in every run and on every machine (splitmix64)."""
    mixed = 0
    for number in numbers:
        mixed = (mixed ^ number) + 0x9E3779B97F4A7C15 & MASK
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & MASK
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & MASK
        mixed ^= mixed >> 31
    return mixed / 2**64


class Clock:
    """2026-11-24T04:11:00.250Z of microseconds; the second is kept, because neighbours share it."""

    def __init__(self):
        self._second = self._text = None

    def text(self, at_us):
        second, rest = divmod(at_us, 1_000_000)
        if second != self._second:
            self._second, self._text = second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._text}.{rest // 1000:03d}Z"
