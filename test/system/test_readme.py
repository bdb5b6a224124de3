"""The README's example without a broker is run as it stands there: two statements, and rows are seen to come."""

import re

from harness.freshet_process import ROOT, FreshetProcess
from harness.waiting import wait_until
from harness.wire import Wire


def example():
    section = (ROOT / "README.md").read_text().split("## A live view in a minute", 1)[1]
    return re.search(r"```sql\n(.*?)```", section, re.S)[1]


def ask(server, sql):
    wire = Wire(server.address(), "freshet", server.password(), "freshet")
    try:
        answer = wire.run(sql)
        assert not answer.error, answer.error_text()
        return answer.rows
    finally:
        wire.close()


def test_a_live_view_without_a_broker(tmp_path):
    server = FreshetProcess(tmp_path)
    server.start()
    try:
        ask(server, example())

        def rows():
            return int(ask(server, "SELECT count(DISTINCT window_start) FROM clicks_per_second")[0][0])

        assert wait_until(lambda: rows() >= 3, 20)
        clicks = ask(server, "SELECT sum(clicks) FROM clicks_per_second GROUP BY window_start ORDER BY window_start LIMIT 3")
        assert int(clicks[1][0]) == 500      # a whole second
    finally:
        server.stop()
