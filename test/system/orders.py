"""The source and view that most tests use: small orders, all of one minute."""

COLUMNS = "id BIGINT NOT NULL, amount DECIMAL(12,2), at TIMESTAMPTZ, WATERMARK FOR at AS at - INTERVAL '5' SECOND"
VIEW = ("CREATE MATERIALIZED VIEW totals AS SELECT window_start, count(*) AS n, sum(amount) AS total "
        "FROM TUMBLE(orders, at, INTERVAL '1' MINUTE) GROUP BY window_start")


def order(number, amount=1.50):
    return {"id": number, "amount": amount, "at": "2026-03-01T12:00:30Z"}


def totals(server):
    return [(n, str(total)) for _, n, total in server.query("SELECT * FROM totals ORDER BY 1")]
