EXPLAIN SELECT count(*) FROM orders;
EXPLAIN ANALYZE SELECT region, count(*) FROM orders GROUP BY region;
EXPLAIN MATERIALIZED VIEW orders_per_minute;
