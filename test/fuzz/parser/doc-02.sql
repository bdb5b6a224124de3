SELECT region, sum(orders) AS orders, sum(revenue) / NULLIF(sum(orders), 0) AS average
FROM orders_per_minute
WHERE window_start >= now() - INTERVAL '1 day' AND region IN ('eu-west', 'us-east')
GROUP BY region
ORDER BY orders DESC NULLS LAST
LIMIT 10;

WITH recent AS (SELECT * FROM orders WHERE order_time > now() - INTERVAL '1 hour')
SELECT DISTINCT ON (region) region, order_id, amount, rank() OVER (PARTITION BY region ORDER BY amount DESC) AS place
FROM recent
ORDER BY region, amount DESC;

SELECT window_start, count(*)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(order_time), INTERVAL '15' MINUTE))
GROUP BY window_start;
