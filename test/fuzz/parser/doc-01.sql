CREATE MATERIALIZED VIEW IF NOT EXISTS orders_per_minute
WITH (retention = '1 year', freshness = '5s') AS
SELECT window_start, window_end, region, count(*) AS orders, sum(revenue) AS revenue, avg(amount) AS average_order_value,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY amount) AS p95, approx_count_distinct(customer_id) AS customers
FROM TUMBLE(orders, order_time, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, region;

CREATE OR REPLACE MATERIALIZED VIEW paid_per_hour AS
SELECT date_trunc('hour', order_time) AS hour, region, sum(amount) AS paid, count(*) FILTER (WHERE amount > 100) AS large
FROM orders WHERE status = 'paid'
GROUP BY date_trunc('hour', order_time), region
HAVING count(*) > 0;
