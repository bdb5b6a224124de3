"""What the demo tells Superset of Freshet's sources and views: time columns and the metrics that analysts pick from.

Averages over several groups are quotients of sums: a view keeps both, and nobody averages averages.
"""

from typing import NamedTuple


class Metric(NamedTuple):
    name: str
    expression: str
    title: str
    format: str = ",d"
    currency: str = ""


class Dataset(NamedTuple):
    schema: str
    table: str
    time_column: str
    about: str
    metrics: list
    hidden: tuple = ()  # columns that no chart can use
    sql: str = ""  # of a data set that is a query of its own


# An order is in every stage that it has reached, always at the time at which it was placed.
STAGES = """
SELECT created_at, region, 'Placed' AS stage FROM order_created
UNION ALL SELECT created_at, region, 'Accepted' FROM order_created WHERE status <> 'declined'
UNION ALL SELECT created_at, region, 'Shipped' FROM order_shipped
UNION ALL SELECT created_at, region, 'Delivered' FROM order_delivered
""".strip()
TITLES = {"kafka_time": "Time", "reason_code": "Kind", "objective_seconds": "Objective (s)", "actual_seconds": "Behind (s)",
          "rows_per_second": "Rows a second", "newest_event_time": "Newest event"}


def ratio(part, whole):
    return f"1.0 * SUM({part}) / NULLIF(SUM({whole}), 0)"


DEPARTURES = Metric("departures", "SUM(departures)", "Departures")
CANCELLATIONS = Metric("cancellations", "SUM(cancellations)", "Cancellations")
AVERAGE_DELAY = Metric("average_delay", ratio("delay_minutes", "departures"), "Average delay (min)", ",.1f")
CANCELLED_SHARE = Metric("cancelled_share", "1.0 * SUM(cancellations) / NULLIF(SUM(departures) + SUM(cancellations), 0)",
                         "Cancelled", ".1%")


def percentiles(unit, format=",.1f"):
    return [Metric(f"p{p}", f"MAX(p{p})", f"p{p}{unit}", format) for p in (50, 95, 99)]


DATASETS = [
    Dataset("public", "flights", "at", "Every event of a flight as it came from Kafka.", [Metric("events", "COUNT(*)", "Events")]),
    Dataset("public", "flights_per_minute", "window_start", "Counts a minute, airport and airline.", [
        DEPARTURES, CANCELLATIONS, AVERAGE_DELAY, CANCELLED_SHARE, Metric("arrivals", "SUM(arrivals)", "Arrivals"),
        Metric("diversions", "SUM(diversions)", "Diversions"),
        Metric("on_time_share", ratio("on_time", "departures"), "On time", ".1%")]),
    Dataset("public", "flights_per_hour", "hour", "Counts, delays, seats and aircraft an hour, airport and airline.", [
        DEPARTURES, CANCELLATIONS, AVERAGE_DELAY, CANCELLED_SHARE, Metric("seats", "SUM(seats)", "Seats"),
        Metric("longest_delay", "MAX(longest_delay)", "Longest delay (min)")]),
    Dataset("public", "delay_percentiles", "window_start", "Delay of departures in five minutes: average and percentiles.",
            [*percentiles(""), Metric("average", "MAX(average)", "Average", ",.1f")]),
    Dataset("public", "airport_delays", "window_start", "The same by airport, with the aircraft seen.", [
        DEPARTURES, AVERAGE_DELAY, Metric("p95", "MAX(p95)", "p95 delay (min)", ",.0f"),
        Metric("aircraft", "SUM(aircraft)", "Aircraft")]),
    Dataset("public", "timetable", "at_hour", "Departures and delays by hour of the timetable.",
            [DEPARTURES, CANCELLATIONS, AVERAGE_DELAY]),
    Dataset("public", "routes_per_hour", "hour", "Arrivals and their delays by route.", [
        Metric("arrivals", "SUM(arrivals)", "Arrivals"), CANCELLATIONS,
        Metric("average_delay", ratio("delay_minutes", "arrivals"), "Average delay (min)", ",.1f"),
        Metric("late_share", ratio("late_arrivals", "arrivals"), "Over 30 min late", ".1%"),
        Metric("worst_p95", "MAX(p95)", "Worst p95 (min)", ",.0f")]),
    Dataset("public", "weather_delays", "hour", "Departures and delays by the weather at the airport.",
            [DEPARTURES, CANCELLATIONS, AVERAGE_DELAY, CANCELLED_SHARE]),
    Dataset("public", "fleet_per_hour", "hour", "What flew, by manufacturer.", [
        DEPARTURES, Metric("seats", "SUM(seats)", "Seats"), Metric("miles", "SUM(miles)", "Miles")]),
    Dataset("public", "cancellation_waves", "window_start", "Ten minutes in which an airport cancelled ten flights or more.",
            [CANCELLATIONS]),
    Dataset("public", "order_created", "created_at", "Every order as it came from Kafka.", [
        Metric("orders", "COUNT(*)", "Orders"), Metric("revenue", "SUM(revenue)", "Revenue", ".4s", "EUR")]),
    Dataset("public", "order_stages", "created_at", "Orders by the stages that they have reached.",
            [Metric("orders", "COUNT(*)", "Orders")], sql=STAGES),
    Dataset("public", "orders_per_minute", "window_start", "Orders and revenue a minute, region and category.", [
        Metric("orders", "SUM(orders)", "Orders"), Metric("revenue", "SUM(revenue)", "Revenue", ".4s", "EUR"),
        Metric("items", "SUM(items)", "Items"), Metric("declined_share", ratio("declined", "orders"), "Declined", ".1%")]),
    Dataset("public", "average_order_value", "window_start", "Value of paid orders a minute and channel.", [
        Metric("average_order_value", ratio("amount", "orders"), "Average order value", ",.2f", "EUR"),
        Metric("revenue", "SUM(amount)", "Revenue", ".4s", "EUR"), Metric("median", "MAX(median)", "Median", ",.2f", "EUR"),
        Metric("p95", "MAX(p95)", "p95", ",.2f", "EUR")]),
    Dataset("public", "customers_per_hour", "hour", "Different customers an hour and region.",
            [Metric("orders", "SUM(orders)", "Orders"), Metric("customers", "SUM(customers)", "Customers")]),
    Dataset("public", "shipping_time_percentiles", "window_start", "Minutes from order to van, by warehouse.",
            [Metric("shipped", "SUM(shipped)", "Shipped"), *percentiles(" (min)")]),
    Dataset("public", "fulfillment_time_percentiles", "window_start", "Minutes from order to door.", [
        Metric("delivered", "SUM(delivered)", "Delivered"), *percentiles(""),
        Metric("kept_share", ratio("kept", "delivered"), "Promise kept", ".1%")]),
    Dataset("public", "deliveries_by_region", "window_start", "Deliveries in five minutes by region and courier.", [
        Metric("delivered", "SUM(delivered)", "Delivered"), Metric("kept_share", ratio("kept", "delivered"), "Promise kept", ".1%"),
        Metric("door_minutes", ratio("minutes_in_all", "delivered"), "Minutes to the door", ",.1f"),
        Metric("road_minutes", ratio("minutes_on_road", "delivered"), "Minutes on the road", ",.1f")]),
    Dataset("freshet", "freshness", "newest_event_time", "How old the newest visible event of each source and view is.",
            [Metric("oldest", "MAX(actual_seconds)", "Seconds behind", ",.1f"), Metric("objective", "MAX(objective_seconds)", "Objective (s)")]),
    Dataset("freshet", "sources", "newest_event_time", "State, rate and lag of each source.", [
        Metric("lag", "SUM(lag)", "Consumer lag"), Metric("rate", "SUM(rows_per_second)", "Rows a second", ",.1f")]),
    Dataset("freshet", "source_partitions", "watermark", "Position, lag and rate of each partition.", [
        Metric("lag", "SUM(lag)", "Consumer lag"), Metric("rate", "SUM(rows_per_second)", "Rows a second", ",.1f")]),
    Dataset("freshet", "dead_letters", "kafka_time", "Records that could not be used, and why.",
            [Metric("letters", "COUNT(*)", "Dead letters")], hidden=("key", "value")),
]
