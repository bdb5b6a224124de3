"""The flights of 2013 as events of today: departed, arrived, cancelled, diverted, in the order in which they became known.

The year is a ring that is gone round for ever. A moment of it is mapped to a moment of today by the anchor: `anchor_s`
of the ring is `anchor_us` of today, and from there the ring passes `speedup` times as fast as time. So at a speed-up of
60 an hour of 2013 is a minute on the dashboard, whose newest event is now.

Invariants:
1. The order of events is a property of the data set alone: position (n,) is the same event whatever the speed-up.
2. An event becomes known up to DELAY_SECONDS of the ring after it happened; that is all the disorder there is.
"""

import array
import bisect
import json
import time

from dataset import YEAR_SECONDS, Dataset
from event import Clock, Event, chance

TOPIC = "flights"
DELAY_SECONDS = 240
DEPARTED, ARRIVED, CANCELLED, DIVERTED = range(4)
NAMES = ["departed", "arrived", "cancelled", "diverted"]


class Mapping:
    """Ring time to today's. As text it is a record's header, from which a later run goes on."""

    def __init__(self, anchor_us, anchor_s, speedup, first):
        """first: the number of the run's first event"""
        self.anchor_us, self.anchor_s, self.speedup, self.first = anchor_us, anchor_s, speedup, first

    def today_us(self, ring_s):
        return self.anchor_us + round((ring_s - self.anchor_s) * 1_000_000 / self.speedup)

    def text(self):
        return f"flights {self.anchor_us} {self.anchor_s} {self.speedup:g} {self.first}"

    @staticmethod
    def parse(text):
        _, anchor_us, anchor_s, speedup, first = text.split()
        return Mapping(int(anchor_us), int(anchor_s), float(speedup), int(first))


class Flights:
    topics = [TOPIC]

    def __init__(self, archive, speedup, history_s, start_s):
        """history_s: seconds of today that lie behind the start; start_s: the moment of the ring that is now."""
        self._dataset = Dataset(archive)
        self._ring_s, self._event = self._order()
        self.per_round = len(self._event)
        first = self._number_at(start_s - round(history_s * speedup))
        self._mapping = Mapping(time.time_ns() // 1000, start_s, speedup, first)
        self._clock = Clock()
        self._words = {}  # JSON of names that come again and again

    # -- the ring -----------------------------------------------------------------------------------------------------
    def _order(self):
        """-> when each event becomes known (seconds of the ring), and row * 4 + kind, both in that order"""
        events = []  # both numbers in one, which sorts faster and takes less memory
        for row in range(len(self._dataset.lines)):
            flight = self._dataset.flight(row)
            if flight.departure_delay is None:
                events.append(self._known(row, CANCELLED, flight.scheduled_s) << 32 | row * 4 + CANCELLED)
                continue
            for kind in (DEPARTED, DIVERTED if flight.arrival_delay is None else ARRIVED):
                events.append(self._known(row, kind, self._happened(flight, row, kind)) << 32 | row * 4 + kind)
        events.sort()
        return array.array("l", [both >> 32 for both in events]), array.array("l", [both & 0xFFFFFFFF for both in events])

    @staticmethod
    def _happened(flight, row, kind):
        """Seconds of the ring. The data know minutes; within its minute an event has its own second."""
        second = row * 37 % 60
        if kind == CANCELLED:
            return flight.scheduled_s
        left = flight.scheduled_s + flight.departure_delay * 60
        return (left if kind == DEPARTED else left + (flight.duration or 120) * 60) + second

    @staticmethod
    def _delay(row, kind):
        return round(DELAY_SECONDS * chance(row, kind) ** 4)

    def _known(self, row, kind, happened_s):
        return (happened_s + self._delay(row, kind)) % YEAR_SECONDS

    def _ring_time(self, number):
        turn, index = divmod(number, self.per_round)
        return turn * YEAR_SECONDS + self._ring_s[index]

    def _number_at(self, ring_s):
        turn, within = divmod(ring_s, YEAR_SECONDS)
        return turn * self.per_round + bisect.bisect_left(self._ring_s, within)

    # -- the stream ---------------------------------------------------------------------------------------------------
    def go_on(self, run, positions):
        """Takes up an earlier run: its header, and the last position in each partition that has one."""
        wanted = self._mapping.speedup
        self._mapping = Mapping.parse(run)
        if self._mapping.speedup != wanted:
            newest = max(positions)[0]
            ring_s = self._ring_time(newest)
            now_us = max(time.time_ns() // 1000, self._mapping.today_us(ring_s))
            self._mapping = Mapping(now_us, ring_s, wanted, newest)

    def run(self):
        return self._mapping.text()

    def first(self):
        return (self._mapping.first,)

    def events(self, position):
        number = position[0]
        while True:
            yield self._make(number)
            number += 1

    def _make(self, number):
        ring_s = self._ring_time(number)
        row, kind = divmod(self._event[number % self.per_round], 4)
        flight = self._dataset.flight(row)
        happened_us = self._mapping.today_us(ring_s - self._delay(row, kind))
        key = flight.tail_number or flight.carrier
        return Event((number,), self._mapping.today_us(ring_s), TOPIC, key, self._value(flight, kind, happened_us))

    # -- a record -----------------------------------------------------------------------------------------------------
    def _word(self, text):
        made = self._words.get(text)
        if made is None:
            made = self._words[text] = json.dumps(text)
        return made

    def _value(self, flight, kind, happened_us):
        data, word = self._dataset, self._word
        fields = [
            f'"flight":"{flight.carrier}{flight.number}","event":"{NAMES[kind]}","at":"{self._clock.text(happened_us)}"',
            f'"carrier":"{flight.carrier}","airline":{word(data.airlines.get(flight.carrier))}',
            f'"origin":"{flight.origin}","destination":"{flight.destination}"',
            f'"airport":{word(data.airports.get(flight.destination))},"distance":{flight.distance},"hour":{flight.hour}',
        ]
        if flight.tail_number:
            fields.append(f'"tail_number":{word(flight.tail_number)},"plane":{data.planes.get(flight.tail_number, "null")}')
        if kind != CANCELLED:
            fields.append(f'"departure_delay":{flight.departure_delay}')
        if kind == ARRIVED:
            fields.append(f'"arrival_delay":{flight.arrival_delay},"air_time":{flight.air_time}')
        hour = flight.scheduled_s // 3600 * 3600
        fields.append(f'"weather":{data.weather.get((flight.origin, hour), "null")}')
        return ("{" + ",".join(fields) + "}").encode()
