"""For every view of demo/*.sql the same question to DuckDB, asked by hand over the tables of demo_data.py."""

from system.answers import DISTINCT, PERCENTILE, Answer


def windows(time, minutes):
    """The begin and the end of a record's window"""
    begin = f"time_bucket(INTERVAL {minutes} MINUTE, {time}, TIMESTAMP '1970-01-01')"
    return f"{begin}, {begin} + INTERVAL {minutes} MINUTE"


ANSWERS = {
    "flights_per_minute": Answer(f"""
        SELECT {windows('"at"', 1)}, origin, airline, count_if(event = 'departed'), count_if(event = 'arrived'),
               count_if(event = 'cancelled'), count_if(event = 'diverted'),
               count_if(event = 'departed' AND departure_delay <= 15), sum(if(event = 'departed', departure_delay, NULL))
        FROM flights GROUP BY ALL""", 4),
    "flights_per_hour": Answer("""
        WITH departed AS (SELECT *, if(event = 'departed', departure_delay, NULL) AS late FROM flights)
        SELECT date_trunc('hour', "at"), origin, carrier, airline, count_if(event = 'departed'), count_if(event = 'cancelled'),
               sum(late), avg(late), stddev_samp(late), min(late), max(late), sum(if(event = 'departed', seats, NULL)),
               count(DISTINCT tail_number)
        FROM departed GROUP BY ALL""", 4, {12: DISTINCT}),
    "delay_percentiles": Answer(f"""
        SELECT {windows('"at"', 5)}, count(*), avg(departure_delay), quantile_disc(departure_delay, 0.5),
               quantile_disc(departure_delay, 0.95), quantile_disc(departure_delay, 0.99)
        FROM flights WHERE event = 'departed' GROUP BY ALL""", 2, {4: PERCENTILE, 5: PERCENTILE, 6: PERCENTILE}),
    "airport_delays": Answer(f"""
        SELECT {windows('"at"', 5)}, origin, count(*), sum(departure_delay), quantile_disc(departure_delay, 0.95),
               count(DISTINCT tail_number)
        FROM flights WHERE event = 'departed' GROUP BY ALL""", 3, {5: PERCENTILE, 6: DISTINCT}),
    "timetable": Answer("""
        SELECT date_trunc('hour', "at"), origin, hour, count_if(event = 'departed'), count_if(event = 'cancelled'),
               sum(if(event = 'departed', departure_delay, NULL))
        FROM flights GROUP BY ALL""", 3),
    "routes_per_hour": Answer("""
        SELECT date_trunc('hour', "at"), route, origin, destination, airport, count_if(event = 'arrived'),
               count_if(event = 'arrived' AND arrival_delay > 30), count_if(event = 'cancelled'),
               sum(if(event = 'arrived', arrival_delay, NULL)), quantile_disc(arrival_delay, 0.95)
        FROM flights GROUP BY ALL""", 5, {9: PERCENTILE}),
    "weather_delays": Answer("""
        SELECT date_trunc('hour', "at"), sky, count_if(event = 'departed'), count_if(event = 'cancelled'),
               sum(if(event = 'departed', departure_delay, NULL))
        FROM flights GROUP BY ALL""", 2),
    "fleet_per_hour": Answer("""
        SELECT date_trunc('hour', "at"), maker, count(*), sum(seats), sum(distance), min(built), count(DISTINCT tail_number)
        FROM flights WHERE event = 'departed' AND maker IS NOT NULL GROUP BY ALL""", 2, {6: DISTINCT}),
    "cancellation_waves": Answer(f"""
        SELECT {windows('"at"', 10)}, origin, count(*) AS cancellations FROM flights WHERE event = 'cancelled'
        GROUP BY ALL HAVING cancellations >= 10""", 3),
    "orders_per_minute": Answer(f"""
        SELECT {windows('created_at', 1)}, region, category, count(*), sum(items), sum(if(status = 'paid', amount, 0)),
               count_if(status = 'declined')
        FROM order_created GROUP BY ALL""", 4),
    "average_order_value": Answer(f"""
        SELECT {windows('created_at', 1)}, channel, count(*), sum(amount), avg(amount), stddev_samp(amount), min(amount),
               max(amount), quantile_disc(amount, 0.5), quantile_disc(amount, 0.95)
        FROM order_created WHERE status = 'paid' GROUP BY ALL""", 3, {9: PERCENTILE, 10: PERCENTILE}),
    "customers_per_hour": Answer("""
        SELECT date_trunc('hour', created_at), region, count(*), count(DISTINCT customer_id)
        FROM order_created GROUP BY ALL""", 2, {3: DISTINCT}),
    "shipping_time_percentiles": Answer(f"""
        SELECT {windows('shipped_at', 1)}, warehouse, count(*), avg(minutes_to_ship), quantile_disc(minutes_to_ship, 0.5),
               quantile_disc(minutes_to_ship, 0.95), quantile_disc(minutes_to_ship, 0.99)
        FROM order_shipped GROUP BY ALL""", 3, {5: PERCENTILE, 6: PERCENTILE, 7: PERCENTILE}),
    "fulfillment_time_percentiles": Answer(f"""
        SELECT {windows('delivered_at', 1)}, count(*), count_if(minutes_in_all <= promised_minutes), avg(minutes_in_all),
               quantile_disc(minutes_in_all, 0.5), quantile_disc(minutes_in_all, 0.95), quantile_disc(minutes_in_all, 0.99)
        FROM order_delivered GROUP BY ALL""", 2, {5: PERCENTILE, 6: PERCENTILE, 7: PERCENTILE}),
    "deliveries_by_region": Answer(f"""
        SELECT {windows('delivered_at', 5)}, region, courier, count(*), count_if(minutes_in_all <= promised_minutes),
               sum(minutes_on_road), sum(minutes_in_all), quantile_disc(minutes_in_all, 0.95)
        FROM order_delivered GROUP BY ALL""", 4, {8: PERCENTILE}),
}
