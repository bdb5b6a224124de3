CREATE SOURCE orders (
  order_id BIGINT NOT NULL,
  customer_id INTEGER PATH 'customer.id',
  region TEXT PATH '$.customer."home.region"',
  status TEXT,
  amount NUMERIC(12,2),
  order_time TIMESTAMPTZ NOT NULL,
  revenue NUMERIC(12,2) AS (CASE WHEN status = 'paid' THEN amount ELSE 0 END),
  WATERMARK FOR order_time AS order_time - INTERVAL '5' SECOND
)
INCLUDE key AS record_key INCLUDE partition INCLUDE offset AS record_offset INCLUDE header 'trace' AS trace
WITH (connector = 'kafka', topic = 'orders', properties.bootstrap.server = 'localhost:9092',
      scan.startup.mode = 'earliest', retention = '7 days', idle_timeout = '30s', on_error = 'dead_letter')
FORMAT PLAIN ENCODE JSON;
