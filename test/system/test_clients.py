"""The drivers that people connect with: each reads the same rows, with the types that it has for PostgreSQL's."""

import asyncio
import datetime
import threading
import time
from decimal import Decimal

import asyncpg
import psycopg
import psycopg2
import pytest
import sqlalchemy

WHEN = datetime.datetime(2026, 3, 1, 12, 0, 30, tzinfo=datetime.timezone.utc)
MINUTE = WHEN.replace(second=0)


def url(server, driver):
    host, port = server.address()
    return f"postgresql+{driver}://freshet:{server.password()}@{host}:{port}/freshet"


def test_psycopg2(orders):
    host, port = orders.address()
    with psycopg2.connect(host=host, port=port, user="freshet", password=orders.password(), dbname="freshet") as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM totals WHERE total > %s AND window_start < %s", (Decimal("1"), WHEN))
        assert cursor.fetchall() == [(MINUTE, 100, Decimal("150.00"))]
        named = connection.cursor("c", withhold=False)
        named.itersize = 30
        named.execute("SELECT id FROM orders ORDER BY id")
        assert [row[0] for row in named] == list(range(1, 101))


@pytest.mark.parametrize("binary", [False, True])
def test_psycopg_with_parameters_in_text_and_binary(orders, binary):
    with orders.connect() as connection:
        cursor = connection.cursor(binary=binary)
        cursor.execute("SELECT id, amount, at FROM orders WHERE id = %s AND amount < %b AND at = %s",
                       (7, Decimal("2.00"), WHEN))
        assert cursor.fetchall() == [(7, Decimal("1.50"), WHEN)]
        prepared = [connection.execute("SELECT amount * %s FROM orders WHERE id = 1", (n,), prepare=True).fetchone()[0]
                    for n in range(5)]
        assert prepared == [Decimal("1.50") * n for n in range(5)]


def test_asyncpg(orders):
    async def ask():
        host, port = orders.address()
        connection = await asyncpg.connect(host=host, port=port, user="freshet", password=orders.password(),
                                           database="freshet")
        rows = await connection.fetch("SELECT window_start, n, total FROM totals WHERE n >= $1", 100)
        async with connection.transaction(readonly=True):
            ids = [row["id"] async for row in connection.cursor("SELECT id FROM orders ORDER BY id", prefetch=25)]
        await connection.close()
        return [tuple(row) for row in rows], ids
    rows, ids = asyncio.run(ask())
    assert rows == [(MINUTE, 100, Decimal("150.00"))]
    assert ids == list(range(1, 101))


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_sqlalchemy_reflects_and_reads(orders, driver):
    engine = sqlalchemy.create_engine(url(orders, driver))
    inspector = sqlalchemy.inspect(engine)
    assert inspector.get_table_names() == ["orders"]
    assert inspector.get_materialized_view_names() == ["totals"]
    assert {"public", "freshet"} <= set(inspector.get_schema_names())
    columns = {column["name"]: column["type"] for column in inspector.get_columns("orders")}
    assert isinstance(columns["amount"], sqlalchemy.NUMERIC) and columns["amount"].scale == 2
    assert isinstance(columns["at"], sqlalchemy.TIMESTAMP) and columns["at"].timezone
    table = sqlalchemy.Table("orders", sqlalchemy.MetaData(), autoload_with=engine)
    query = sqlalchemy.select(sqlalchemy.func.count(), sqlalchemy.func.sum(table.c.amount)).where(table.c.id <= 10)
    with engine.connect() as connection:
        assert connection.execute(query).one() == (10, Decimal("15.00"))
    engine.dispose()


def test_copy_to_stdout_is_answered_clearly(orders):
    with orders.connect() as connection, pytest.raises(psycopg.Error) as caught:
        with connection.cursor().copy("COPY (SELECT id FROM orders) TO STDOUT") as copy:
            list(copy)
    assert caught.value.sqlstate in ("0A000", "42601")
    assert orders.value("SELECT 1") == 1


def test_writing_statements_are_refused_by_name(orders):
    for statement, word in [("INSERT INTO orders (id) VALUES (1)", "source"), ("DELETE FROM orders", "source"),
                            ("UPDATE orders SET id = 1", "source"), ("CREATE TABLE t (a int)", "PRIMARY KEY"),
                            ("TRUNCATE orders", "TRUNCATE")]:
        with pytest.raises(psycopg.Error) as caught:
            orders.run(statement)
        assert caught.value.sqlstate in ("0A000", "42501", "42809"), statement
        assert word in str(caught.value), str(caught.value)


@pytest.mark.parametrize("statement", [
    "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM duckdb_settings()",
    "SELECT getenv('HOME')", "ATTACH '/tmp/x.db'", "PRAGMA database_list", "INSTALL httpfs",
    "SELECT * FROM freshet_definitions", "SELECT * FROM partials_2", "SELECT * FROM raw_1", "SELECT * FROM freshet_meta",
    "COPY orders TO '/tmp/freshet-test'", "SELECT * FROM glob('/*')", "SELECT pg_read_file('/etc/passwd')",
    "SELECT * FROM lane_1_rows()",
])
def test_the_engine_behind_cannot_be_reached(orders, statement):
    with pytest.raises(psycopg.Error) as caught:
        orders.run(statement)
    assert caught.value.sqlstate[:2] in ("42", "0A", "22"), str(caught.value)


def test_no_password_is_ever_shown(orders):
    orders.run("CREATE ROLE reader LOGIN PASSWORD 'secret'")
    shown = orders.query("SELECT rolpassword FROM pg_roles UNION SELECT rolpassword FROM pg_authid")
    assert not any("SCRAM" in (value or "") or "secret" in (value or "") for (value,) in shown), shown


def test_fifty_connections_at_once_and_a_slow_reader_among_them(orders):
    slow = orders.connect()
    slow.execute("BEGIN")
    answers = []

    def ask():
        with orders.connect() as connection:
            answers.append(connection.execute("SELECT n FROM totals").fetchone()[0])

    threads = [threading.Thread(target=ask) for _ in range(50)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [100] * 50
    assert time.monotonic() - began < 20
    slow.close()


def test_a_statement_timeout_ends_a_query_with_its_sqlstate(orders):
    with orders.connect() as connection:
        connection.execute("SET statement_timeout = '300ms'")
        began = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT count(*) FROM orders a, orders b, orders c, orders d, orders e "
                               "WHERE a.id + b.id + c.id + d.id = e.id")
        assert time.monotonic() - began < 3
        assert connection.execute("SELECT 1").fetchone() == (1,)
