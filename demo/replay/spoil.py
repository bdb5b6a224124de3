"""Records that no schema accepts, on purpose, so that the dead letters of the demo are not empty.

One in `1 / share` events is followed by a spoiled copy. Which ones and how follows from the event's position alone.
"""

import re

from event import Event, chance


def cut(value):
    return value[:len(value) * 2 // 3]


def text_for_number(value):
    return re.sub(rb'("\w+":)-?\d[\d.]*', rb'\1"unknown"', value, count=1)


def wrong_time(value):
    return re.sub(rb'"\d{4}-\d\d-\d\dT[^"]*"', b'"31/02 25:61"', value, count=1)


def field_missing(value):
    return re.sub(rb'^\{"\w+":("[^"]*"|[^,]*),', b"{", value, count=1)


def not_utf8(value):
    return re.sub(rb':"', b':"\xff\xfe', value, count=1)


def plain_text(_value):
    return b"<html><body>502 Bad Gateway</body></html>"


def tombstone(_value):
    return None


WAYS = [cut, text_for_number, wrong_time, field_missing, not_utf8, plain_text, tombstone]


def with_spoiled(events, share):
    """The events, and after some of them, at the same moment, a spoiled copy."""
    for event in events:
        yield event
        if share and chance(*event.position, 1) < share:
            way = WAYS[int(chance(*event.position, 2) * len(WAYS))]
            yield Event((*event.position, 1), event.at_us, event.topic, event.key, way(event.value))
