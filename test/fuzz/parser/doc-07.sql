CREATE USER IF NOT EXISTS analyst PASSWORD 'change me';
GRANT SELECT ON orders_per_minute, paid_per_hour TO analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst;
REVOKE SELECT ON orders FROM analyst;
ALTER ROLE analyst NOLOGIN;
