-- A shop that delivers within the hour (demo/replay, a seeded generator): three topics, one a stage.
CREATE SOURCE order_created (
  order_id BIGINT NOT NULL,
  region TEXT NOT NULL,
  customer_id BIGINT,
  category TEXT,
  channel TEXT,
  items INTEGER,
  amount DECIMAL(12,2) NOT NULL,
  status TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  revenue DECIMAL(12,2) AS (CASE WHEN status = 'paid' THEN amount ELSE 0 END),
  WATERMARK FOR created_at AS created_at - INTERVAL '5' SECOND
) WITH (connector = 'kafka', topic = 'order_created', properties.bootstrap.server = '127.0.0.1:9192',
        scan.startup.mode = 'earliest', retention = '2 days', freshness = '5s')
FORMAT PLAIN ENCODE JSON;

CREATE SOURCE order_shipped (
  order_id BIGINT NOT NULL,
  region TEXT NOT NULL,
  warehouse TEXT,
  courier TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  shipped_at TIMESTAMPTZ NOT NULL,
  minutes_to_ship DOUBLE PRECISION AS (EXTRACT(EPOCH FROM shipped_at - created_at)::double precision / 60),
  WATERMARK FOR shipped_at AS shipped_at - INTERVAL '5' SECOND
) WITH (connector = 'kafka', topic = 'order_shipped', properties.bootstrap.server = '127.0.0.1:9192',
        scan.startup.mode = 'earliest', retention = '2 days', freshness = '5s')
FORMAT PLAIN ENCODE JSON;

CREATE SOURCE order_delivered (
  order_id BIGINT NOT NULL,
  region TEXT NOT NULL,
  warehouse TEXT,
  courier TEXT,
  created_at TIMESTAMPTZ NOT NULL,
  shipped_at TIMESTAMPTZ NOT NULL,
  delivered_at TIMESTAMPTZ NOT NULL,
  promised_minutes INTEGER,
  minutes_on_road DOUBLE PRECISION AS (EXTRACT(EPOCH FROM delivered_at - shipped_at)::double precision / 60),
  minutes_in_all DOUBLE PRECISION AS (EXTRACT(EPOCH FROM delivered_at - created_at)::double precision / 60),
  WATERMARK FOR delivered_at AS delivered_at - INTERVAL '5' SECOND
) WITH (connector = 'kafka', topic = 'order_delivered', properties.bootstrap.server = '127.0.0.1:9192',
        scan.startup.mode = 'earliest', retention = '2 days', freshness = '5s')
FORMAT PLAIN ENCODE JSON;

CREATE OR REPLACE MATERIALIZED VIEW orders_per_minute WITH (retention = '30 days', freshness = '5s') AS
SELECT window_start, window_end, region, category, count(*) AS orders, sum(items) AS items, sum(revenue) AS revenue,
       count(*) FILTER (WHERE status = 'declined') AS declined
FROM TUMBLE(order_created, created_at, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, region, category;

CREATE OR REPLACE MATERIALIZED VIEW average_order_value WITH (retention = '30 days', freshness = '5s') AS
SELECT window_start, window_end, channel, count(*) AS orders, sum(amount) AS amount, avg(amount) AS average_order_value,
       stddev(amount) AS deviation, min(amount) AS smallest, max(amount) AS largest,
       approx_percentile(0.5) WITHIN GROUP (ORDER BY amount) AS median,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY amount) AS p95
FROM TUMBLE(order_created, created_at, INTERVAL '1' MINUTE)
WHERE status = 'paid'
GROUP BY window_start, window_end, channel;

CREATE OR REPLACE MATERIALIZED VIEW customers_per_hour WITH (retention = '1 year', freshness = '5s') AS
SELECT date_trunc('hour', created_at) AS hour, region, count(*) AS orders, approx_count_distinct(customer_id) AS customers
FROM order_created
GROUP BY date_trunc('hour', created_at), region;

-- From order to van, by warehouse.
CREATE OR REPLACE MATERIALIZED VIEW shipping_time_percentiles WITH (retention = '30 days', freshness = '5s') AS
SELECT window_start, window_end, warehouse, count(*) AS shipped, avg(minutes_to_ship) AS average,
       approx_percentile(0.5) WITHIN GROUP (ORDER BY minutes_to_ship) AS p50,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY minutes_to_ship) AS p95,
       approx_percentile(0.99) WITHIN GROUP (ORDER BY minutes_to_ship) AS p99
FROM TUMBLE(order_shipped, shipped_at, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, warehouse;

-- From order to door.
CREATE OR REPLACE MATERIALIZED VIEW fulfillment_time_percentiles WITH (retention = '30 days', freshness = '5s') AS
SELECT window_start, window_end, count(*) AS delivered,
       count(*) FILTER (WHERE minutes_in_all <= promised_minutes) AS kept,
       avg(minutes_in_all) AS average,
       approx_percentile(0.5) WITHIN GROUP (ORDER BY minutes_in_all) AS p50,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY minutes_in_all) AS p95,
       approx_percentile(0.99) WITHIN GROUP (ORDER BY minutes_in_all) AS p99
FROM TUMBLE(order_delivered, delivered_at, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end;

CREATE OR REPLACE MATERIALIZED VIEW deliveries_by_region WITH (retention = '30 days', freshness = '5s') AS
SELECT window_start, window_end, region, courier, count(*) AS delivered,
       count(*) FILTER (WHERE minutes_in_all <= promised_minutes) AS kept,
       sum(minutes_on_road) AS minutes_on_road, sum(minutes_in_all) AS minutes_in_all,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY minutes_in_all) AS p95
FROM TUMBLE(order_delivered, delivered_at, INTERVAL '5' MINUTE)
GROUP BY window_start, window_end, region, courier;
