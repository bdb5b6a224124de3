"""psql against the server feels like PostgreSQL: its backslash commands, error texts and Ctrl-C."""

import signal
import subprocess
import time

import pytest


def said(server, script, *arguments):
    answer = server.psql(script, *arguments)
    assert answer.stderr == "", answer.stderr
    return answer.stdout


def test_d_lists_sources_and_views(orders):
    lines = said(orders, "\\d", "-At").splitlines()
    names = [line.split("|")[1] for line in lines]
    assert names == ["orders", "totals"]
    kinds = {line.split("|")[1]: line.split("|")[2] for line in lines}
    assert kinds == {"orders": "table", "totals": "materialized view"}


def test_dt_and_dm_list_each_kind(orders):
    assert "orders" in said(orders, "\\dt") and "totals" not in said(orders, "\\dt")
    assert "totals" in said(orders, "\\dm") and "orders" not in said(orders, "\\dm")


def test_d_of_a_view_shows_columns_with_their_types(orders):
    columns = [line.split("|")[:2] for line in said(orders, "\\d totals", "-At").splitlines() if "|" in line]
    assert columns == [["window_start", "timestamp with time zone"], ["n", "bigint"], ["total", "numeric(38,2)"]]
    columns = [line.split("|")[:2] for line in said(orders, "\\d orders", "-At").splitlines() if "|" in line]
    assert columns == [["id", "bigint"], ["amount", "numeric(12,2)"], ["at", "timestamp with time zone"]]


def test_d_of_what_is_not_there(orders):
    assert 'Did not find any relation named "nothing"' in orders.psql("\\set QUIET off\n\\d nothing").stderr


@pytest.mark.parametrize("command", ["\\l", "\\dn", "\\du", "\\df", "\\dv", "\\di", "\\ds", "\\dT", "\\dp", "\\d+ orders",
                                     "\\d+ totals", "\\dt *.*", "\\conninfo", "\\encoding", "\\dx", "\\des", "\\dRp",
                                     "\\sf now", "\\timing"])
def test_other_backslash_commands_do_not_fail(orders, command):
    answer = orders.psql(command)
    assert "ERROR" not in answer.stderr or command == "\\sf now", answer.stderr


def test_a_wrong_column_is_said_with_its_place_and_a_hint(orders):
    error = orders.psql("SELECT amont FROM orders;").stderr
    assert 'ERROR:  column "amont" does not exist' in error
    assert "LINE 1: SELECT amont FROM orders;" in error
    assert "\n               ^" in error
    assert 'HINT:  Perhaps you meant to reference the column "orders.amount".' in error


def test_a_wrong_table_and_a_syntax_error(orders):
    assert 'ERROR:  relation "ordrs" does not exist' in orders.psql("SELECT * FROM ordrs;").stderr
    assert 'ERROR:  syntax error at or near "FORM"' in orders.psql("SELECT * FORM orders;").stderr


def test_errors_leave_the_session_usable_and_transactions_failed(orders):
    answer = orders.psql("SELECT 1/0;\nSELECT 'still here';\nBEGIN;\nSELECT nothing;\nSELECT 2;\nROLLBACK;\nSELECT 3;\n", "-At")
    assert answer.stdout.split() == ["still", "here", "3"]
    assert "division by zero" in answer.stderr
    assert "current transaction is aborted, commands ignored until end of transaction block" in answer.stderr


def test_rows_look_like_postgresql(orders):
    assert said(orders, "SELECT window_start, n, total FROM totals;", "-At") == "2026-03-01 12:00:00+00|100|150.00\n"
    table = said(orders, "SELECT id, amount, at FROM orders WHERE id < 3 ORDER BY id;")
    assert table == (" id | amount |           at           \n"
                     "----+--------+------------------------\n"
                     "  1 |   1.50 | 2026-03-01 12:00:30+00\n"
                     "  2 |   1.50 | 2026-03-01 12:00:30+00\n(2 rows)\n\n")


def test_ctrl_c_cancels_a_long_query_and_the_session_goes_on(orders):
    slow = "SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e WHERE a.id + b.id + c.id + d.id = e.id;\n"
    psql = subprocess.Popen(["psql", "-X", "-q", "-At", "-f", "-"], env=orders.psql_environment(), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    psql.stdin.write(slow + "SELECT 'next';\n")
    psql.stdin.close()
    time.sleep(1.5)
    assert psql.poll() is None, "the query was not slow enough"
    began = time.monotonic()
    psql.send_signal(signal.SIGINT)
    psql.wait(10)
    assert time.monotonic() - began < 2
    assert "canceling statement due to user request" in psql.stderr.read()
    assert orders.value("SELECT 1") == 1


def test_a_reader_may_read_and_nothing_else(orders):
    orders.run("CREATE ROLE reader LOGIN PASSWORD 'secret'", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
    answer = orders.psql("SELECT n FROM totals;\nDROP SOURCE orders CASCADE;\nCREATE ROLE x;\nSELECT 'end';\n", "-At",
                         user="reader", password="secret")
    assert answer.stdout.split() == ["100", "end"]
    assert answer.stderr.count("permission denied") == 2
    assert orders.query("SELECT name FROM freshet.sources") == [("orders",)]


def test_a_role_sees_only_what_it_was_granted(orders):
    orders.run("CREATE ROLE reader LOGIN PASSWORD 'secret'", "GRANT SELECT ON totals TO reader")
    answer = orders.psql("SELECT n FROM totals;\nSELECT * FROM orders;\n", "-At", user="reader", password="secret")
    assert answer.stdout == "100\n"
    assert "permission denied for" in answer.stderr and "orders" in answer.stderr


def test_explain_materialized_view_prints_the_four_statements(orders):
    text = said(orders, "EXPLAIN MATERIALIZED VIEW totals;", "-At").lower()
    for word in ["table", "delta", "merge", "finalize"]:
        assert word in text
