"""A view that cannot take a commit is left out of it and suspended, whatever happens in between."""

import pytest

from harness.waiting import wait_until

MOST_VALUES = 10_000  # of histogram, per group


def view_row(server, name):
    return server.query("SELECT state, error FROM freshet.views WHERE name = %s", (name,))[0]


@pytest.mark.parametrize("point", ["definer.suspend=1", "store.commit.after=1", "definer.switched=1"])
def test_a_view_left_out_of_a_commit_is_suspended_though_the_server_is_killed(servers, feed, point):
    events = feed()
    server = servers({"lanes": "1"})
    server.start()
    server.run(events.source("s", "id BIGINT, k TEXT"),
               "CREATE MATERIALIZED VIEW spread AS SELECT k, histogram(id) AS ids FROM s GROUP BY k",
               "CREATE MATERIALIZED VIEW counts AS SELECT k, count(*) AS n FROM s GROUP BY k")
    events.send([{"id": 1, "k": "a"}])
    server.wait_for_positions("s", events.ends())
    server.stop()
    events.send([{"id": number, "k": "a"} for number in range(2, MOST_VALUES + 1_000)])
    server.start(environment={"FRESHET_FAILURE_POINTS": point})
    assert server.wait_killed(30) is not None
    server.start()
    events.send([{"id": 0, "k": "a"}])
    server.wait_for_positions("s", events.ends())
    assert wait_until(lambda: view_row(server, "spread")[0] == "suspended", 10, 0.1), view_row(server, "spread")
    assert "10,000" in view_row(server, "spread")[1] or "10000" in view_row(server, "spread")[1], view_row(server, "spread")
    assert view_row(server, "counts") == ("running", None)
    assert server.query("SELECT n FROM counts") == [(MOST_VALUES + 1_000,)]
    assert server.value("SELECT ids::text FROM spread") == "{\"1\": 1}"
