-- Every flight that left New York in 2013, replayed so that an hour of then is a minute of now (demo/replay). One record
-- a thing that happens: departed, arrived, cancelled, diverted.
CREATE SOURCE flights (
  flight TEXT NOT NULL,
  event TEXT NOT NULL,
  at TIMESTAMPTZ NOT NULL,
  carrier TEXT,
  airline TEXT,
  origin TEXT NOT NULL,
  destination TEXT NOT NULL,
  airport TEXT,
  distance INTEGER,
  hour INTEGER,                                        -- of the day, by the timetable, in New York
  tail_number TEXT,
  manufacturer TEXT PATH 'plane.manufacturer',
  seats INTEGER PATH 'plane.seats',
  built INTEGER PATH 'plane.built',
  departure_delay INTEGER,                             -- minutes; what left early is below 0
  arrival_delay INTEGER,
  air_time INTEGER,
  temperature DOUBLE PRECISION PATH 'weather.temperature',
  wind DOUBLE PRECISION PATH 'weather.wind',
  visibility DOUBLE PRECISION PATH 'weather.visibility',
  rain DOUBLE PRECISION PATH 'weather.rain',
  route TEXT AS (origin || '-' || destination),
  sky TEXT AS (CASE WHEN visibility IS NULL THEN 'Not reported' WHEN visibility < 3 THEN 'Fog' WHEN rain > 0 THEN 'Rain or snow'
                    WHEN wind >= 18 THEN 'Windy' ELSE 'Fair' END),
  maker TEXT AS (CASE WHEN manufacturer LIKE 'AIRBUS%' THEN 'Airbus' WHEN manufacturer LIKE 'BOEING%' THEN 'Boeing'
                      WHEN manufacturer LIKE 'EMBRAER%' THEN 'Embraer' WHEN manufacturer LIKE 'MCDONNELL%' THEN 'McDonnell Douglas'
                      WHEN manufacturer LIKE 'BOMBARDIER%' OR manufacturer LIKE 'CANADAIR%' THEN 'Bombardier'
                      WHEN manufacturer IS NOT NULL THEN 'Other' END),
  WATERMARK FOR at AS at - INTERVAL '10' SECOND
) WITH (connector = 'kafka', topic = 'flights', properties.bootstrap.server = '127.0.0.1:9192',
        scan.startup.mode = 'earliest', retention = '8 days', freshness = '1 minute')
FORMAT PLAIN ENCODE JSON;

CREATE OR REPLACE MATERIALIZED VIEW flights_per_minute WITH (retention = '8 days', freshness = '1 minute') AS
SELECT window_start, window_end, origin, airline,
       count(*) FILTER (WHERE event = 'departed') AS departures,
       count(*) FILTER (WHERE event = 'arrived') AS arrivals,
       count(*) FILTER (WHERE event = 'cancelled') AS cancellations,
       count(*) FILTER (WHERE event = 'diverted') AS diversions,
       count(*) FILTER (WHERE event = 'departed' AND departure_delay <= 15) AS on_time,
       sum(departure_delay) FILTER (WHERE event = 'departed') AS delay_minutes
FROM TUMBLE(flights, at, INTERVAL '1' MINUTE)
GROUP BY window_start, window_end, origin, airline;

CREATE OR REPLACE MATERIALIZED VIEW flights_per_hour WITH (retention = '1 year', freshness = '1 minute') AS
SELECT date_trunc('hour', at) AS hour, origin, carrier, airline,
       count(*) FILTER (WHERE event = 'departed') AS departures,
       count(*) FILTER (WHERE event = 'cancelled') AS cancellations,
       sum(departure_delay) FILTER (WHERE event = 'departed') AS delay_minutes,
       avg(departure_delay) FILTER (WHERE event = 'departed') AS average_delay,
       stddev(departure_delay) FILTER (WHERE event = 'departed') AS delay_deviation,
       min(departure_delay) FILTER (WHERE event = 'departed') AS earliest_departure,
       max(departure_delay) FILTER (WHERE event = 'departed') AS longest_delay,
       sum(seats) FILTER (WHERE event = 'departed') AS seats,
       approx_count_distinct(tail_number) AS aircraft
FROM flights
GROUP BY date_trunc('hour', at), origin, carrier, airline;

-- Percentiles of what departed within five minutes, for all of New York and for each airport.
CREATE OR REPLACE MATERIALIZED VIEW delay_percentiles WITH (retention = '8 days', freshness = '1 minute') AS
SELECT window_start, window_end, count(*) AS departures, avg(departure_delay) AS average,
       approx_percentile(0.5) WITHIN GROUP (ORDER BY departure_delay) AS p50,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY departure_delay) AS p95,
       approx_percentile(0.99) WITHIN GROUP (ORDER BY departure_delay) AS p99
FROM TUMBLE(flights, at, INTERVAL '5' MINUTE)
WHERE event = 'departed'
GROUP BY window_start, window_end;

CREATE OR REPLACE MATERIALIZED VIEW airport_delays WITH (retention = '8 days', freshness = '1 minute') AS
SELECT window_start, window_end, origin, count(*) AS departures, sum(departure_delay) AS delay_minutes,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY departure_delay) AS p95,
       approx_count_distinct(tail_number) AS aircraft
FROM TUMBLE(flights, at, INTERVAL '5' MINUTE)
WHERE event = 'departed'
GROUP BY window_start, window_end, origin;

-- The hours of the timetable against the airports.
CREATE OR REPLACE MATERIALIZED VIEW timetable WITH (retention = '8 days', freshness = '1 minute') AS
SELECT date_trunc('hour', at) AS at_hour, origin, hour,
       count(*) FILTER (WHERE event = 'departed') AS departures,
       count(*) FILTER (WHERE event = 'cancelled') AS cancellations,
       sum(departure_delay) FILTER (WHERE event = 'departed') AS delay_minutes
FROM flights
GROUP BY date_trunc('hour', at), origin, hour;

CREATE OR REPLACE MATERIALIZED VIEW routes_per_hour WITH (retention = '8 days', freshness = '1 minute') AS
SELECT date_trunc('hour', at) AS hour, route, origin, destination, airport,
       count(*) FILTER (WHERE event = 'arrived') AS arrivals,
       count(*) FILTER (WHERE event = 'arrived' AND arrival_delay > 30) AS late_arrivals,
       count(*) FILTER (WHERE event = 'cancelled') AS cancellations,
       sum(arrival_delay) FILTER (WHERE event = 'arrived') AS delay_minutes,
       approx_percentile(0.95) WITHIN GROUP (ORDER BY arrival_delay) AS p95
FROM flights
GROUP BY date_trunc('hour', at), route, origin, destination, airport;

CREATE OR REPLACE MATERIALIZED VIEW weather_delays WITH (retention = '8 days', freshness = '1 minute') AS
SELECT date_trunc('hour', at) AS hour, sky,
       count(*) FILTER (WHERE event = 'departed') AS departures,
       count(*) FILTER (WHERE event = 'cancelled') AS cancellations,
       sum(departure_delay) FILTER (WHERE event = 'departed') AS delay_minutes
FROM flights
GROUP BY date_trunc('hour', at), sky;

CREATE OR REPLACE MATERIALIZED VIEW fleet_per_hour WITH (retention = '8 days', freshness = '1 minute') AS
SELECT date_trunc('hour', at) AS hour, maker, count(*) AS departures, sum(seats) AS seats, sum(distance) AS miles,
       min(built) AS oldest, approx_count_distinct(tail_number) AS aircraft
FROM flights
WHERE event = 'departed' AND maker IS NOT NULL
GROUP BY date_trunc('hour', at), maker;

-- Ten minutes in which an airport cancelled ten flights or more.
CREATE OR REPLACE MATERIALIZED VIEW cancellation_waves WITH (retention = '8 days', freshness = '1 minute') AS
SELECT window_start, window_end, origin, count(*) AS cancellations
FROM TUMBLE(flights, at, INTERVAL '10' MINUTE)
WHERE event = 'cancelled'
GROUP BY window_start, window_end, origin
HAVING count(*) >= 10;
