"""The charts of the demo's dashboard: settings only, from which the queries follow (query_context.py)."""

from typing import NamedTuple

import datasets

COLORS = "freshet"
BLUE, TEAL, AMBER, RED, VIOLET, GREEN = (31, 119, 180), (23, 162, 162), (242, 165, 65), (209, 73, 91), (108, 91, 158), (95, 173, 86)
EURO = {"symbol": "EUR", "symbolPosition": "prefix"}
AXIS_TITLE = {"y_axis_title": "minutes", "y_axis_title_margin": 40, "y_axis_title_position": "Left"}
NAME_NUMBER_SHARE = 5  # what a funnel's labels say
TIME_COLUMNS = {dataset.table: dataset.time_column for dataset in datasets.DATASETS}


class Chart(NamedTuple):
    name: str
    dataset: str
    form: dict


# -- ranges: they end now. "Last hour" would not: in Superset it is relative to midnight -------------------------------
def ago(amount, unit):
    """Up to the moment."""
    return f'DATEADD(DATETIME("now"), -{amount}, {unit}) : now'


def whole_minutes(amount, unit):
    """Up to the last full minute, so that the minute that has just begun is no drop at the end of a line."""
    return f'DATEADD(DATETIME("now"), -{amount}, {unit}) : DATETRUNC(DATETIME("now"), minute)'


def condition(sql, clause="WHERE"):
    return {"clause": clause, "expressionType": "SQL", "sqlExpression": sql}


def chart(name, dataset, within, form, conditions=()):
    """within: a range of the data set's time column, or None"""
    during = [] if within is None else [{"clause": "WHERE", "subject": TIME_COLUMNS[dataset], "operator": "TEMPORAL_RANGE",
                                         "comparator": within, "expressionType": "SIMPLE"}]
    return Chart(name, dataset, {**form, "adhoc_filters": [*during, *conditions]})


# -- kinds of charts ---------------------------------------------------------------------------------------------------
def number(name, dataset, metric, color, **more):
    """A big number over the last hour, with its course behind it."""
    red, green, blue = color
    return chart(name, dataset, ago(1, "hour"), {
        "viz_type": "big_number", "x_axis": TIME_COLUMNS[dataset], "time_grain_sqla": "PT1M", "metric": metric,
        "aggregation": "raw", "show_trend_line": True, "start_y_axis_at_zero": False, "header_font_size": 0.5,
        "subtitle_font_size": 0.2, "color_picker": {"r": red, "g": green, "b": blue, "a": 1}, "time_format": "%H:%M",
        "rolling_type": "None", **more})


def plain_number(name, dataset, metric, within=None, conditions=(), **more):
    return chart(name, dataset, within, {"viz_type": "big_number_total", "metric": metric, "header_font_size": 0.4,
                                         "subtitle_font_size": 0.15, **more}, conditions)


def plot(kind, name, dataset, metrics, within, by=(), axis=None, grain="PT1M", **more):
    """Lines, areas and bars, over time or over the column `axis`."""
    return chart(name, dataset, within, {
        "viz_type": kind, "x_axis": axis or TIME_COLUMNS[dataset], "time_grain_sqla": None if axis else grain,
        "metrics": list(metrics), "groupby": list(by), "row_limit": 10000, "x_axis_sort_asc": True, "truncate_metric": True,
        "show_legend": True, "legendType": "scroll", "legendOrientation": "top", "rich_tooltip": True,
        "tooltipSortByMetric": True, "x_axis_time_format": "%H:%M", "color_scheme": COLORS, "y_axis_format": ",d",
        "truncateXAxis": True, "seriesType": "line", "markerEnabled": False, "show_empty_columns": True, "only_total": True,
        "opacity": 0.75, "minorTicks": False, "zoomable": False, "comparison_type": "values", "y_axis_bounds": [None, None],
        "forecastEnabled": False, "rolling_type": None, "sort_series_type": "sum", **more})


def area(*arguments, **more):
    return plot("echarts_area", *arguments, stack="Stack", **more)


def bars(*arguments, **more):
    return plot("echarts_timeseries_bar", *arguments, **{"stack": "Stack", **more})


def lines(*arguments, **more):
    return plot("echarts_timeseries_line", *arguments, **more)


def donut(name, dataset, metric, by, within, **more):
    return chart(name, dataset, within, {
        "viz_type": "pie", "groupby": [by], "metric": metric, "row_limit": 10, "sort_by_metric": True, "donut": True,
        "show_labels": True, "show_legend": False, "label_type": "key_percent", "labels_outside": True, "label_line": True,
        "innerRadius": 36, "outerRadius": 56, "number_format": ".3s", "date_format": "smart_date", "show_total": False,
        "show_labels_threshold": 2, "color_scheme": COLORS, "legendType": "scroll", "legendOrientation": "top", **more})


def funnel(name, dataset, metric, by, within, **more):
    return chart(name, dataset, within, {
        "viz_type": "funnel", "groupby": [by], "metric": metric, "row_limit": 10, "sort_by_metric": True, "color_scheme": COLORS,
        "percent_calculation_type": "first_step", "label_type": NAME_NUMBER_SHARE, "tooltip_label_type": NAME_NUMBER_SHARE,
        "show_labels": True, "show_tooltip_labels": True, "show_legend": False, "number_format": ",d", "legendType": "scroll",
        "legendOrientation": "top", **more})


def column_config(formats):
    return {column: {"d3NumberFormat": wanted, "showCellBars": False} for column, wanted in formats.items()}


def ranking(name, dataset, by, formats, order, within, conditions=(), color="#F7CE8C"):
    """A table of metrics, the largest `order` first, which is shaded by its size."""
    return chart(name, dataset, within, {
        "viz_type": "table", "query_mode": "aggregate", "groupby": list(by), "metrics": list(formats), "percent_metrics": [],
        "timeseries_limit_metric": order, "order_desc": True, "row_limit": 250,
        "table_timestamp_format": "smart_date", "server_page_length": 10, "show_cell_bars": False, "color_pn": False,
        "conditional_formatting": [{"column": order, "operator": "None", "colorScheme": color, "useGradient": True}],
        "allow_rearrange_columns": False, "column_config": column_config(formats)}, conditions)


def rows(name, dataset, columns, order, formats, within=None, **more):
    """A table of rows as they are."""
    column, ascending = order
    return chart(name, dataset, within, {
        "viz_type": "table", "query_mode": "raw", "all_columns": list(columns), "orderby_": [[column, ascending]],
        "order_by_cols": [f'["{column}", {"true" if ascending else "false"}]'], "row_limit": 1000,
        "server_page_length": 10, "table_timestamp_format": "%H:%M:%S", "show_cell_bars": False, "color_pn": False,
        "column_config": column_config(formats), **more})


# -- the charts, by section of the dashboard ---------------------------------------------------------------------------
NOW = [  # all of them over the last hour
    number("Departures", "flights_per_minute", "departures", BLUE, y_axis_format=",d", subtitle="60 hours of 2013"),
    number("On time", "flights_per_minute", "on_time_share", GREEN, y_axis_format=".1%", subtitle="left within 15 min"),
    number("Average delay", "flights_per_minute", "average_delay", RED, y_axis_format=",.1f", subtitle="minutes a departure"),
    number("Orders", "orders_per_minute", "orders", TEAL, y_axis_format=",d", subtitle="of all regions"),
    number("Revenue", "orders_per_minute", "revenue", AMBER, y_axis_format=".4s", currency_format=EURO, subtitle="paid orders"),
    number("Delivered in time", "fulfillment_time_percentiles", "kept_share", VIOLET, y_axis_format=".1%", subtitle="as promised"),
]

FLIGHTS = [
    area("Departures a minute by airline", "flights_per_minute", ["departures"], whole_minutes(100, "minute"), ["airline"], limit=10),
    chart("Departures by airport and airline", "flights_per_hour", ago(24, "hour"), {
        "viz_type": "treemap_v2", "groupby": ["origin", "airline"], "metric": "departures", "row_limit": 60,
        "color_scheme": COLORS, "show_labels": True, "show_upper_labels": True, "label_type": "key_value",
        "number_format": ",d", "date_format": "smart_date"}),
    lines("Departure delay: percentiles", "delay_percentiles", ["p99", "p95", "p50"], ago(6, "hour"), grain="PT5M",
          y_axis_format=",.0f", truncateYAxis=True, **AXIS_TITLE | {"y_axis_bounds": [-20, None]}),
    bars("Cancellations by airport", "flights_per_minute", ["cancellations"], ago(6, "hour"), ["origin"], grain="PT10M"),
    chart("Average delay by hour of the timetable", "timetable", ago(24, "hour"), {
        "viz_type": "heatmap_v2", "x_axis": "hour", "groupby": "origin", "metric": "average_delay", "row_limit": 1000,
        "normalize_across": "heatmap", "linear_color_scheme": "freshet_heat", "xscale_interval": -1, "yscale_interval": -1,
        "left_margin": "auto", "bottom_margin": 50, "value_bounds": [None, None], "y_axis_format": ",.0f",
        "x_axis_time_format": "smart_date", "sort_x_axis": "alpha_asc", "sort_y_axis": "alpha_desc", "show_legend": True,
        "show_percentage": False, "show_values": True}, [condition("hour BETWEEN 5 AND 23")]),
    bars("Average delay by weather", "weather_delays", ["average_delay"], ago(24, "hour"), axis="sky", stack=None,
         orientation="horizontal", show_value=True, show_legend=False, y_axis_format=",.0f", only_total=False,
         x_axis_sort="average_delay"),
    ranking("Airlines by average delay", "flights_per_minute", ["airline"],
            {"departures": ",d", "average_delay": ",.1f", "on_time_share": ".1%", "cancelled_share": ".1%"},
            "average_delay", ago(6, "hour"), [condition("SUM(departures) > 0", "HAVING")]),
    ranking("Routes with the longest delays", "routes_per_hour", ["route", "airport"],
            {"arrivals": ",d", "average_delay": ",.1f", "late_share": ".1%", "worst_p95": ",.0f"},
            "average_delay", ago(6, "hour"), [condition("SUM(arrivals) >= 20", "HAVING")]),
    bars("Seats flown by manufacturer", "fleet_per_hour", ["seats"], ago(24, "hour"), axis="maker", stack=None,
         orientation="horizontal", show_value=True, show_legend=False, y_axis_format=".2s", only_total=False, x_axis_sort="seats"),
]

ORDERS = [
    area("Revenue a minute by category", "orders_per_minute", ["revenue"], whole_minutes(2, "hour"), ["category"],
         y_axis_format=".2s", currency_format=EURO),
    funnel("Orders of the last hour by stage", "order_stages", "orders", "stage", ago(1, "hour")),
    bars("Orders every five seconds", "order_created", ["orders"], ago(6, "minute"), grain="PT5S", show_legend=False,
         x_axis_time_format="%H:%M"),
    area("Orders a minute by region", "orders_per_minute", ["orders"], whole_minutes(2, "hour"), ["region"]),
    lines("Average order value by channel", "average_order_value", ["average_order_value"], whole_minutes(4, "hour"), ["channel"],
          grain="PT10M", y_axis_format=",.0f", currency_format=EURO),
    lines("Order to door: percentiles", "fulfillment_time_percentiles", ["p99", "p95", "p50"], whole_minutes(2, "hour"),
          y_axis_format=",.0f", **AXIS_TITLE),
    donut("Revenue by channel", "average_order_value", "revenue", "channel", ago(1, "hour"), currency_format=EURO),
    lines("Order to van: p95 by warehouse", "shipping_time_percentiles", ["p95"], whole_minutes(2, "hour"), ["warehouse"],
          grain="PT5M", y_axis_format=",.0f", **AXIS_TITLE),
    ranking("Deliveries by region", "deliveries_by_region", ["region"],
            {"delivered": ",d", "kept_share": ".1%", "door_minutes": ",.1f", "road_minutes": ",.1f"}, "delivered", ago(1, "hour"),
            color="#9AD1D4"),
]

OPERATIONS = [
    plain_number("Rows a second", "sources", "rate", y_axis_format=",.1f", subtitle="taken from Kafka"),
    plain_number("Consumer lag", "sources", "lag", y_axis_format=",d", subtitle="records behind"),
    plain_number("Orders are visible after", "freshness", "oldest", y_axis_format=",.1f", subtitle="seconds",
                 conditions=[condition("relation IN ('orders_per_minute', 'average_order_value')")]),
    plain_number("Dead letters, last hour", "dead_letters", "letters", ago(1, "hour"), y_axis_format=",d",
                 subtitle="nothing is dropped in silence"),
    rows("Sources: rate and lag", "sources", ["name", "state", "rows_per_second", "lag", "partitions", "newest_event_time"],
         ("name", True), {"rows_per_second": ",.1f", "lag": ",d"}),
    rows("Freshness of sources and views", "freshness", ["relation", "kind", "objective_seconds", "actual_seconds", "state"],
         ("actual_seconds", False), {"objective_seconds": ",.0f", "actual_seconds": ",.1f"}),
    bars("Rows a second by partition", "source_partitions", ["rate"], None, ["source"], axis="partition",
         xAxisForceCategorical=True, y_axis_format=",.1f", x_axis_title="partition", x_axis_title_margin=30),
    bars("Dead letters by reason", "dead_letters", ["letters"], ago(1, "hour"), ["reason_code"], grain="PT5M"),
    rows("Latest dead letters", "dead_letters", ["kafka_time", "source", "reason", "partition", "offset"],
         ("kafka_time", False), {"partition": "d", "offset": "d"}, ago(24, "hour")),
]

CHARTS = NOW + FLIGHTS + ORDERS + OPERATIONS
