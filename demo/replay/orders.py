"""A shop that delivers within the hour: order_created, order_shipped and order_delivered, made up from a seed.

An order is a function of the seed and of the second in which it was placed, so the same seed gives the same stream and
a run that was cut goes on with the very orders that are under way. The rate breathes: slow waves, and a rush of two
minutes now and then in which orders are many and small and the warehouses fall behind.
"""

import heapq
import json
import math
import random
import time

from event import Clock, Event

CREATED, SHIPPED, DELIVERED = range(3)
TOPICS = ["order_created", "order_shipped", "order_delivered"]
LONGEST_SECONDS = 3 * 3600  # from order to door
LATEST_US = 2_500_000  # from an event to its record
RUSH_EVERY, RUSH_SECONDS = 2700, 120

REGIONS = {"Benelux": ("Antwerp", 0.9), "DACH": ("Leipzig", 1.0), "France": ("Lyon", 1.15), "Iberia": ("Madrid", 1.3),
           "Italy": ("Milan", 1.2), "Nordics": ("Malmo", 1.35), "UK": ("Leeds", 1.05)}  # warehouse, how slow the roads are
REGION_WEIGHTS = [11, 24, 19, 12, 10, 8, 16]
CATEGORIES = {"Groceries": 14, "Household": 22, "Pharmacy": 17, "Electronics": 120, "Fashion": 48, "Toys": 27}  # usual price
CATEGORY_WEIGHTS = [38, 17, 14, 8, 14, 9]
CHANNELS, CHANNEL_WEIGHTS = ["app", "web", "phone"], [62, 33, 5]
COURIERS = ["bike", "van", "scooter"]


def rush(second):
    """0 outside a rush, 1 at its height."""
    into = second % RUSH_EVERY
    return math.sin(math.pi * into / RUSH_SECONDS) if into < RUSH_SECONDS else 0.0


def wave(second):
    slow = 1 + 0.30 * math.sin(2 * math.pi * second / 1500) + 0.14 * math.sin(2 * math.pi * second / 410)
    return slow * (1 + 1.1 * rush(second))


def poisson(chances, mean):
    limit, count, product = math.exp(-mean), 0, chances.random()
    while product > limit:
        count += 1
        product *= chances.random()
    return count


class Orders:
    topics = TOPICS

    def __init__(self, seed, rate, history_s):
        """rate: orders a second on average; history_s: seconds that lie behind the start"""
        self._seed, self._rate = seed, rate
        self._start_s = int(time.time()) - history_s
        self._clock = Clock()

    # -- the stream ---------------------------------------------------------------------------------------------------
    def run(self):
        return f"orders {self._seed} {self._rate:g} {self._start_s}"

    def go_on(self, run, positions):
        """Takes up an earlier run: its header, and the last position in each partition that has one."""
        _, seed, rate, start_s = run.split()
        if (int(seed), float(rate)) == (self._seed, self._rate):
            self._start_s = int(start_s)
        else:  # another shop from here on; orders that are under way in the old one stay so
            self._start_s = max(positions)[0] // 1_000_000 + 1

    def first(self):
        return (self._start_s * 1_000_000,)

    def events(self, position):
        """In the order in which they become known. Orders placed long before `position` may still be on their way."""
        second = max(self._start_s, position[0] // 1_000_000 - LONGEST_SECONDS)
        ahead = []
        while True:
            for event in self._placed_in(second):
                heapq.heappush(ahead, event)
            second += 1
            # What is placed from now on becomes known later than this.
            while ahead and ahead[0].position[0] < second * 1_000_000:
                event = heapq.heappop(ahead)
                if event.position > position:
                    yield event

    # -- an order -----------------------------------------------------------------------------------------------------
    def _placed_in(self, second):
        chances = random.Random(self._seed * 1_000_003 + second)
        for number in range(min(999, poisson(chances, self._rate * wave(second)))):
            yield from self._order(chances, second, number)

    def _order(self, chances, second, number):
        order_id = second % 100_000_000 * 1000 + number
        created_us = second * 1_000_000 + chances.randrange(1000) * 1000
        region = chances.choices(list(REGIONS), REGION_WEIGHTS)[0]
        warehouse, slow = REGIONS[region]
        category = chances.choices(list(CATEGORIES), CATEGORY_WEIGHTS)[0]
        items = 1 + min(11, int(chances.expovariate(0.55)))
        cents = max(99, round(items * CATEGORIES[category] * chances.lognormvariate(0, 0.45) * (100 - 30 * rush(second))))
        status = chances.choices(["paid", "pending", "declined"], [94, 3, 3])[0]
        customer = int(20_000 * chances.random() ** 2)
        channel = chances.choices(CHANNELS, CHANNEL_WEIGHTS)[0]
        at = self._clock.text
        who = f'"order_id":{order_id},"region":"{region}"'
        yield self._event(chances, CREATED, order_id, created_us, (
            f'{{{who},"customer_id":{customer},"category":"{category}","channel":"{channel}","items":{items},'
            f'"amount":{cents // 100}.{cents % 100:02d},"status":"{status}","created_at":"{at(created_us)}"}}'))
        shipped_us = created_us + round(1e6 * (20 + chances.lognormvariate(4.7, 0.5) * (1 + 1.5 * rush(second))))
        delivered_us = shipped_us + round(1e6 * (90 + chances.lognormvariate(6.2, 0.4) * slow))
        late_stage = delivered_us + LATEST_US > (second + LONGEST_SECONDS) * 1_000_000
        if status == "declined" or late_stage or chances.random() < 0.015:  # refused, or cancelled while waiting
            return
        courier = chances.choice(COURIERS)
        who = f'{who},"warehouse":{json.dumps(warehouse)},"courier":"{courier}","created_at":"{at(created_us)}"'
        yield self._event(chances, SHIPPED, order_id, shipped_us, f'{{{who},"shipped_at":"{at(shipped_us)}"}}')
        promised = 5 * round(slow * 20 / 5)
        yield self._event(chances, DELIVERED, order_id, delivered_us, (
            f'{{{who},"shipped_at":"{at(shipped_us)}","delivered_at":"{at(delivered_us)}","promised_minutes":{promised}}}'))

    @staticmethod
    def _event(chances, kind, order_id, happened_us, value):
        known_us = happened_us + round(LATEST_US * chances.random() ** 5)
        return Event((known_us, order_id, kind), known_us, TOPICS[kind], str(order_id), value.encode())
