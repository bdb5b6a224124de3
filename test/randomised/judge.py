"""The views of one seed against one offline query each, while its source's watermark moves and after all records are read.

What a view with time in it shows depends on where the watermark stands, and in part on when the server looked at it. What is
certain of it is asked for:
- the watermark never goes back, and in the end it is where the newest events of the partitions put it;
- closed windows with corrections equal the offline answer for the windows closed; without, what is shown of a group and what was
  counted as late are all its rows together, and none is shown twice;
- a view with a retention equals the offline answer above its floor, shows nothing below, and `freshet.late_rows` has at least the
  rows that came below a floor which was seen at work, and at most all rows below the last one.

Threads: one caller. Owns: nothing.
"""

import datetime

from crash.oracle import compare
from crash.scenario import WATERMARK_DELAY
from harness.waiting import wait_until
from randomised.case import EQUAL, IDLE_TIMEOUT, KEPT, WAVES

FOLLOW_SECONDS = 20
LESS_SECONDS = 3       # for the others when one view has failed
LOOK_SECONDS = 0.05
MICROSECOND = datetime.timedelta(microseconds=1)
EPOCH = datetime.datetime(1970, 1, 1)


class Judge:
    def __init__(self, case, rows):
        self._case, self._rows = case, rows
        self._source = f"events_{case.seed}"
        self._watermark = None
        self._went_back = ""
        self._certain = {}   # view -> [(the wave after which it was seen, a floor that the view had then)]

    def look(self, wave):
        """After a wave was read."""
        watermark = self._read_watermark()
        if self._watermark is not None and (watermark is None or watermark < self._watermark):
            self._went_back += f"the watermark went back from {self._watermark} to {watermark} in wave {wave}\n"
        self._watermark = watermark
        for view in self._case.scenario.views:
            if view.judged == KEPT and watermark is not None and wave < WAVES - 1:
                self._see_floor(view, watermark, wave)

    def watermark_difference(self):
        expected = self._expected_watermark()
        wait_until(lambda: self._read_watermark() == expected, FOLLOW_SECONDS, LOOK_SECONDS)
        self._watermark = self._read_watermark()
        if self._watermark == expected:
            return self._went_back
        return self._went_back + f"the watermark is {self._watermark}, expected {expected} of {self._case.newest}\n"

    def difference(self, view, offline, patient):
        """-> text of what differs, or None"""
        if view.waits and self._watermark is None:   # a partition without a row holds all windows open
            return None
        query = view.oracle
        if view.waits:
            query = query.replace("$watermark", f"TIMESTAMP '{self._watermark}'")
        if view.judged == KEPT:
            query = query.replace("$floor", f"TIMESTAMP '{floor_of(view, self._watermark)}'")
        expected = offline.rows(query)
        judged = {EQUAL: self._equal, KEPT: self._equal}.get(view.judged, self._released)
        difference = judged(view, expected)
        if difference and view.waits:
            wait_until(lambda: not judged(view, expected), FOLLOW_SECONDS if patient else LESS_SECONDS, LOOK_SECONDS)
            difference = judged(view, expected)
        return difference or (self._late_rows_difference(view) if view.judged == KEPT else None)

    def _equal(self, view, expected):
        return compare(view.columns, expected, self._shown(view))

    def _released(self, view, expected):
        """Rows (the last column) of each group: never more than there are; what lacks came late."""
        shown = self._shown(view)
        found, wanted = {row[:-1]: row[-1] for row in shown}, {tuple(row[:-1]): row[-1] for row in expected}
        if len(found) < len(shown):
            return "a window was shown twice"
        for group, rows in found.items():
            if rows > wanted.get(group, 0):
                return f"{group} is shown with {rows} rows, of {wanted.get(group, 0)}"
        late, lacking = self._late_rows(view, "late"), sum(wanted.values()) - sum(found.values())
        return None if late == lacking else f"{lacking} rows are not shown, {late} were counted as late"

    def _late_rows_difference(self, view):
        """Rows that a floor kept out are counted, and no others."""
        floor = floor_of(view, self._watermark)
        certain = self._certain.get(view.name, [])
        least = most = 0
        for record in self._case.scenario.records:
            if not record.reason:
                most += record.row[-1] < floor
                least += any(record.phase > wave and record.row[-1] < seen for wave, seen in certain)
        late = self._late_rows(view, "retention")
        return None if least <= late <= most else f"{late} rows were counted as late, expected {least} to {most} below {certain} and {floor}"

    def _see_floor(self, view, watermark, wave):
        """Waits until nothing below it is shown: then a floor above the newest window that is not shown any more is at work."""
        floor, step = floor_of(view, watermark), view.step_us * MICROSECOND
        below = [start for record in self._case.scenario.records if not record.reason and 0 <= record.phase <= wave
                 if (start := EPOCH + (record.row[-1] - EPOCH) // step * step) < floor]
        hidden = f"SELECT count(*) = 0 FROM {view.name}_{self._case.seed} WHERE window_start < '{floor}'"
        if below and wait_until(lambda: self._rows(hidden)[0][0], FOLLOW_SECONDS, LOOK_SECONDS):
            self._certain.setdefault(view.name, []).append((wave, max(below) + step))

    def _shown(self, view):
        return self._rows(f"SELECT * FROM {view.name}_{self._case.seed}")

    def _late_rows(self, view, reason):
        return self._rows(f"SELECT coalesce(sum(rows), 0)::bigint FROM freshet.late_rows WHERE relation = '{view.name}_{self._case.seed}' "
                          f"AND reason = '{reason}'")[0][0]

    def _read_watermark(self):
        return self._rows(f"SELECT watermark FROM freshet.sources WHERE name = '{self._source}'")[0][0]

    def _expected_watermark(self):
        """Idle partitions do not hold time back, and when all are idle it stands at the latest of them."""
        newest = self._case.newest
        if self._case.scenario.idle_timeout == IDLE_TIMEOUT:
            return max(newest.values()) - WATERMARK_DELAY if newest else None
        return min(newest.values()) - WATERMARK_DELAY if len(newest) == self._case.scenario.partitions else None


def floor_of(view, watermark):
    bound = (watermark - EPOCH) // MICROSECOND - view.retention_us
    return EPOCH + (bound // view.unit_us * view.unit_us - view.reach_us) * MICROSECOND
