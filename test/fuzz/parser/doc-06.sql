SHOW SOURCES;
SHOW MATERIALIZED VIEWS;
SET TIME ZONE 'Europe/Paris';
SET statement_timeout = '10s';
SHOW statement_timeout;
RESET ALL;
