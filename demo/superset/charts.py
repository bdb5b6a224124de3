"""The charts of the demo's dashboard: settings only. Every range ends now; none says "last hour", which in Superset is
relative to midnight."""

from typing import NamedTuple

COLORS = "freshet"
EURO = {"symbol": "EUR", "symbolPosition": "prefix"}


class Chart(NamedTuple):
    name: str
    dataset: str
    form: dict
    about: str = ""


def ago(amount, unit):
    """Up to the moment."""
    return f'DATEADD(DATETIME("now"), -{amount}, {unit}) : now'


def whole_minutes(amount, unit):
    """Up to the last full minute, so that the minute that has just begun is no drop at the end of a line."""
    return f'DATEADD(DATETIME("now"), -{amount}, {unit}) : DATETRUNC(DATETIME("now"), minute)'


def during(column, time_range):
    return {"clause": "WHERE", "subject": column, "operator": "TEMPORAL_RANGE", "comparator": time_range, "expressionType": "SIMPLE"}


def only(sql):
    return {"clause": "WHERE", "expressionType": "SQL", "sqlExpression": sql}


def number(name, dataset, metric, column, **more):
    """A big number over the whole range, with its course behind it."""
    form = {"viz_type": "big_number", "x_axis": column, "time_grain_sqla": "PT1M", "metric": metric, "aggregation": "raw",
            "show_trend_line": True, "start_y_axis_at_zero": False, "header_font_size": 0.5, "subtitle_font_size": 0.2,
            "color_picker": {"r": 31, "g": 119, "b": 180, "a": 1}, "time_format": "%H:%M", "rolling_type": "None"}
    return Chart(name, dataset, {**form, **more})


def total(name, dataset, metric, **more):
    form = {"viz_type": "big_number_total", "metric": metric, "header_font_size": 0.4, "subtitle_font_size": 0.15, "adhoc_filters": []}
    return Chart(name, dataset, {**form, **more})


def over_time(kind, name, dataset, metrics, column, **more):
    form = {"viz_type": kind, "x_axis": column, "time_grain_sqla": "PT1M", "metrics": metrics, "groupby": [], "row_limit": 10000,
            "x_axis_sort_asc": True, "truncate_metric": True, "show_legend": True, "legendType": "scroll", "legendOrientation": "top",
            "rich_tooltip": True, "tooltipSortByMetric": True, "x_axis_time_format": "%H:%M", "color_scheme": COLORS,
            "y_axis_format": ",d", "truncateXAxis": True, "seriesType": "line", "markerEnabled": False, "show_empty_columns": True,
            "only_total": True, "opacity": 0.75, "minorTicks": False, "zoomable": False, "comparison_type": "values",
            "y_axis_bounds": [None, None], "forecastEnabled": False, "rolling_type": None, "sort_series_type": "sum"}
    return Chart(name, dataset, {**form, **more})


NOW = [
    number("Departures, last hour", "flights_per_minute", "departures", "window_start",
           adhoc_filters=[during("window_start", ago(1, "hour"))], y_axis_format=",d", subtitle="60 hours of 2013"),
    number("On-time departures", "flights_per_minute", "on_time_share", "window_start",
           adhoc_filters=[during("window_start", ago(1, "hour"))], y_axis_format=".1%", subtitle="within 15 min",
           color_picker={"r": 95, "g": 173, "b": 86, "a": 1}),
    number("Average delay", "flights_per_minute", "average_delay", "window_start",
           adhoc_filters=[during("window_start", ago(1, "hour"))], y_axis_format=",.1f", subtitle="min a departure",
           color_picker={"r": 209, "g": 73, "b": 91, "a": 1}),
    number("Orders, last hour", "orders_per_minute", "orders", "window_start",
           adhoc_filters=[during("window_start", ago(1, "hour"))], y_axis_format=",d", subtitle="all regions",
           color_picker={"r": 23, "g": 162, "b": 162, "a": 1}),
    number("Revenue, last hour", "orders_per_minute", "revenue", "window_start",
           adhoc_filters=[during("window_start", ago(1, "hour"))], y_axis_format=".4s", currency_format=EURO, subtitle="paid orders",
           color_picker={"r": 242, "g": 165, "b": 65, "a": 1}),
    number("Delivered in time", "fulfillment_time_percentiles", "kept_share", "window_start",
           adhoc_filters=[during("window_start", ago(1, "hour"))], y_axis_format=".1%", subtitle="as promised",
           color_picker={"r": 108, "g": 91, "b": 158, "a": 1}),
]

FLIGHTS = [
    over_time("echarts_area", "Departures a minute by airline", "flights_per_minute", ["departures"], "window_start",
              groupby=["airline"], stack="Stack", limit=10, adhoc_filters=[during("window_start", whole_minutes(100, "minute"))]),
    Chart("Departures by airport and airline", "flights_per_hour", {
        "viz_type": "treemap_v2", "groupby": ["origin", "airline"], "metric": "departures", "row_limit": 60, "color_scheme": COLORS,
        "show_labels": True, "show_upper_labels": True, "label_type": "key_value", "number_format": ",d", "date_format": "smart_date",
        "adhoc_filters": [during("hour", ago(24, "hour"))]}),
    over_time("echarts_timeseries_line", "Departure delay: percentiles", "delay_percentiles", ["p99", "p95", "p50"], "window_start",
              time_grain_sqla="PT5M", truncateYAxis=True, y_axis_bounds=[-20, None], y_axis_format=",.0f", y_axis_title="minutes", y_axis_title_margin=40, y_axis_title_position="Left",
              adhoc_filters=[during("window_start", ago(6, "hour"))]),
    over_time("echarts_timeseries_bar", "Cancellations by airport", "flights_per_minute", ["cancellations"], "window_start",
              groupby=["origin"], stack="Stack", time_grain_sqla="PT10M", adhoc_filters=[during("window_start", ago(6, "hour"))]),
    Chart("Average delay by hour of the timetable", "timetable", {
        "viz_type": "heatmap_v2", "x_axis": "hour", "groupby": "origin", "metric": "average_delay", "row_limit": 1000,
        "normalize_across": "heatmap", "linear_color_scheme": "freshet_heat", "xscale_interval": -1, "yscale_interval": -1,
        "left_margin": "auto", "bottom_margin": 50, "value_bounds": [None, None], "y_axis_format": ",.0f", "x_axis_time_format": "smart_date",
        "sort_x_axis": "alpha_asc", "sort_y_axis": "alpha_desc", "show_legend": True, "show_percentage": False, "show_values": True,
        "adhoc_filters": [during("at_hour", ago(24, "hour")), only("hour BETWEEN 5 AND 23")]}),
    over_time("echarts_timeseries_bar", "Average delay by weather", "weather_delays", ["average_delay"], "sky", time_grain_sqla=None,
              orientation="horizontal", show_value=True, show_legend=False, y_axis_format=",.0f", only_total=False, groupby=[],
              x_axis_sort="average_delay", adhoc_filters=[during("hour", ago(24, "hour"))]),
    Chart("Routes with the longest delays", "routes_per_hour", {
        "viz_type": "table", "query_mode": "aggregate", "groupby": ["route", "airport"],
        "metrics": ["arrivals", "average_delay", "late_share", "worst_p95", "cancellations"], "percent_metrics": [],
        "timeseries_limit_metric": "average_delay", "order_desc": True, "row_limit": 250, "page_length": 10, "table_timestamp_format": "smart_date",
        "server_page_length": 10, "show_cell_bars": True, "color_pn": False, "allow_rearrange_columns": False,
        "column_config": {"arrivals": {"showCellBars": False}, "late_share": {"d3NumberFormat": ".1%", "showCellBars": False},
                          "worst_p95": {"d3NumberFormat": ",.0f", "showCellBars": False}, "cancellations": {"showCellBars": False},
                          "average_delay": {"d3NumberFormat": ",.1f", "showCellBars": True}},
        "adhoc_filters": [during("hour", ago(6, "hour")), {
            "clause": "HAVING", "expressionType": "SQL", "sqlExpression": "SUM(arrivals) >= 20"}]}),
    Chart("Seats flown by manufacturer", "fleet_per_hour", {
        "viz_type": "pie", "groupby": ["maker"], "metric": "seats", "row_limit": 8, "sort_by_metric": True, "donut": True,
        "show_labels": True, "show_legend": False, "label_type": "key_percent", "labels_outside": True, "label_line": True,
        "innerRadius": 46, "outerRadius": 74, "number_format": ".3s", "date_format": "smart_date", "show_labels_threshold": 2,
        "color_scheme": COLORS, "legendType": "scroll", "legendOrientation": "top", "show_total": True,
        "adhoc_filters": [during("hour", ago(24, "hour"))]}),
]

ORDERS = [
    over_time("echarts_timeseries_bar", "Orders by the five seconds", "order_created", ["orders"], "created_at",
              time_grain_sqla="PT5S", show_legend=False, x_axis_time_format="%H:%M:%S", adhoc_filters=[during("created_at", ago(6, "minute"))]),
    over_time("echarts_area", "Orders a minute by region", "orders_per_minute", ["orders"], "window_start", groupby=["region"],
              stack="Stack", adhoc_filters=[during("window_start", whole_minutes(2, "hour"))]),
    Chart("Revenue by category", "orders_per_minute", {
        "viz_type": "pie", "groupby": ["category"], "metric": "revenue", "row_limit": 10, "sort_by_metric": True, "donut": True,
        "show_labels": True, "show_legend": False, "label_type": "key_percent", "labels_outside": True, "label_line": True,
        "innerRadius": 46, "outerRadius": 74, "number_format": ".3s", "currency_format": EURO, "date_format": "smart_date", "show_labels_threshold": 2,
        "color_scheme": COLORS, "legendType": "scroll", "legendOrientation": "top", "show_total": True,
        "adhoc_filters": [during("window_start", ago(1, "hour"))]}),
    over_time("echarts_timeseries_smooth", "Average order value by channel", "average_order_value", ["average_order_value"], "window_start",
              groupby=["channel"], time_grain_sqla="PT5M", y_axis_format=",.0f", currency_format=EURO, adhoc_filters=[during("window_start", whole_minutes(3, "hour"))]),
    over_time("echarts_timeseries_line", "Order to door: percentiles", "fulfillment_time_percentiles", ["p99", "p95", "p50"], "window_start",
              y_axis_format=",.0f", y_axis_title="minutes", y_axis_title_margin=40, y_axis_title_position="Left",
              adhoc_filters=[during("window_start", whole_minutes(2, "hour"))]),
    over_time("echarts_timeseries_line", "Order to van: p95 by warehouse", "shipping_time_percentiles", ["p95"], "window_start",
              groupby=["warehouse"], y_axis_format=",.0f", y_axis_title="minutes", y_axis_title_margin=40, y_axis_title_position="Left",
              time_grain_sqla="PT5M", adhoc_filters=[during("window_start", whole_minutes(3, "hour"))]),
    Chart("Deliveries by region", "deliveries_by_region", {
        "viz_type": "table", "query_mode": "aggregate", "groupby": ["region"],
        "metrics": ["delivered", "kept_share", "door_minutes", "road_minutes"], "percent_metrics": [],
        "timeseries_limit_metric": "delivered", "order_desc": True, "row_limit": 50, "table_timestamp_format": "smart_date",
        "server_page_length": 10, "show_cell_bars": True, "color_pn": False,
        "column_config": {"kept_share": {"d3NumberFormat": ".1%", "showCellBars": False},
                          "door_minutes": {"d3NumberFormat": ",.1f", "showCellBars": False},
                          "road_minutes": {"d3NumberFormat": ",.1f", "showCellBars": False}},
        "adhoc_filters": [during("window_start", ago(1, "hour"))]}),
]

OPERATIONS = [
    total("Rows a second", "sources", "rate", y_axis_format=",.1f", subtitle="taken from Kafka"),
    total("Consumer lag", "sources", "lag", y_axis_format=",d", subtitle="records behind"),
    total("Orders are visible after", "freshness", "oldest", y_axis_format=",.1f", subtitle="seconds",
          adhoc_filters=[only("relation IN ('orders_per_minute', 'average_order_value')")]),
    total("Dead letters, last hour", "dead_letters", "letters", y_axis_format=",d", subtitle="nothing is dropped in silence",
          adhoc_filters=[during("at", ago(1, "hour"))]),
    Chart("Freshness of sources and views", "freshness", {
        "viz_type": "table", "query_mode": "raw", "all_columns": ["relation", "kind", "objective_seconds", "actual_seconds", "state"],
        "order_by_cols": ['["actual_seconds", false]'], "orderby_": [["actual_seconds", False]], "row_limit": 50,
        "table_timestamp_format": "smart_date", "server_page_length": 10, "show_cell_bars": True, "adhoc_filters": [],
        "column_config": {"objective_seconds": {"d3NumberFormat": ",.0f"}, "actual_seconds": {"d3NumberFormat": ",.1f"}}}),
    Chart("Sources: rate and lag", "sources", {
        "viz_type": "table", "query_mode": "raw", "all_columns": ["name", "state", "rows_per_second", "lag", "partitions", "newest_event_time"],
        "order_by_cols": ['["name", true]'], "orderby_": [["name", True]], "row_limit": 50, "table_timestamp_format": "%H:%M:%S",
        "server_page_length": 10, "show_cell_bars": False, "adhoc_filters": [],
        "column_config": {"rows_per_second": {"d3NumberFormat": ",.1f"}}}),
    over_time("echarts_timeseries_bar", "Rows a second by partition", "source_partitions", ["rate"], "partition", time_grain_sqla=None,
              groupby=["source"], stack="Stack", xAxisForceCategorical=True, y_axis_format=",.1f", adhoc_filters=[]),
    over_time("echarts_timeseries_bar", "Dead letters by reason", "dead_letters", ["letters"], "at", groupby=["reason_code"],
              stack="Stack", time_grain_sqla="PT5M", adhoc_filters=[during("at", ago(2, "hour"))]),
    Chart("Latest dead letters", "dead_letters", {
        "viz_type": "table", "query_mode": "raw", "all_columns": ["at", "source", "reason_code", "reason", "partition", "offset"],
        "order_by_cols": ['["at", false]'], "orderby_": [["at", False]], "row_limit": 5000, "page_length": 10, "table_timestamp_format": "%H:%M:%S",
        "server_page_length": 10, "show_cell_bars": False, "adhoc_filters": [during("at", ago(24, "hour"))],
        "column_config": {"partition": {"d3NumberFormat": "d"}, "offset": {"d3NumberFormat": "d"}}}),
]

CHARTS = NOW + FLIGHTS + ORDERS + OPERATIONS
