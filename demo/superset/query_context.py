"""A chart's settings -> the queries that Superset's front end would send for them.

A chart that is stored with exactly these is computed (and cached, and warmed) under the key that a viewer asks for.
Only what the demo's charts use is here. Where the front end has its reasons, they are not repeated: the shapes were
taken from what Superset 6.1 sends, and test/system/test_superset.py compares them with what a browser sends.
"""


def label(metric):
    return metric if isinstance(metric, str) else metric["label"]


def axis_of(form):
    name = form["x_axis"]
    axis = {"columnType": "BASE_AXIS", "sqlExpression": name, "label": name, "expressionType": "SQL", "isColumnReference": True}
    return {**axis, "timeGrain": form["time_grain_sqla"]} if "time_grain_sqla" in form else axis


def pivot(axis, columns, metrics, drop_missing):
    return {"operation": "pivot", "options": {
        "index": [axis], "columns": columns, "aggregates": {name: {"operator": "mean"} for name in metrics},
        "drop_missing_columns": drop_missing}}


def base(form):
    """What every query has."""
    simple = [f for f in form.get("adhoc_filters", []) if f["expressionType"] == "SIMPLE"]

    def custom(clause):
        return " AND ".join(f"({f['sqlExpression']})" for f in form.get("adhoc_filters", [])
                            if f["expressionType"] == "SQL" and f["clause"] == clause)

    query = {
        "filters": [{"col": f["subject"], "op": f["operator"], "val": f["comparator"]} for f in simple],
        "extras": {"having": custom("HAVING"), "where": custom("WHERE")},
        "applied_time_extras": {}, "columns": [], "metrics": [], "annotation_layers": [], "series_limit": 0,
        "group_others_when_limit_reached": False, "order_desc": True, "url_params": {}, "custom_params": {},
        "custom_form_data": {}}
    if form.get("row_limit"):
        query["row_limit"] = int(form["row_limit"])
    return query


def big_number(form, query):
    metric = form["metric"]
    query["extras"]["time_grain_sqla"] = form["time_grain_sqla"]
    query["metrics"] = [metric]
    trend = {**query, "columns": [axis_of(form)],
             "post_processing": [pivot(form["x_axis"], [], [label(metric)], True), {"operation": "flatten"}]}
    if form.get("aggregation") != "raw":
        return [trend]
    return [trend, {**query, "columns": [], "is_timeseries": False, "post_processing": []}]


def big_number_total(form, query):
    return [{**query, "metrics": [form["metric"]]}]


def series(form, query):
    """Lines, areas and bars over time or over a category."""
    metrics, dimensions = form["metrics"], form.get("groupby", [])
    names = [label(metric) for metric in metrics]
    query["extras"]["time_grain_sqla"] = form["time_grain_sqla"]
    steps = [pivot(form["x_axis"], dimensions, names, False)]
    if form.get("truncate_metric") and len(names) == 1 and dimensions:
        steps.append({"operation": "rename", "options": {"columns": {names[0]: None}, "level": 0, "inplace": True}})
    if form.get("x_axis_sort"):
        steps.append({"operation": "sort", "options": {"by": form["x_axis_sort"], "ascending": form["x_axis_sort_asc"]}})
    steps.append({"operation": "flatten"})
    return [{**query, "columns": [axis_of(form), *dimensions], "metrics": metrics, "series_columns": dimensions,
             "series_limit": int(form.get("limit") or 0), "time_offsets": [], "orderby": [[metrics[0], False]],
             "post_processing": steps}]


def table(form, query):
    query["time_offsets"] = []
    if form["query_mode"] == "raw":
        del query["metrics"]
        return [{**query, "columns": form["all_columns"], "post_processing": [],
                 "orderby": [[column, ascending] for column, ascending in form["orderby_"]]}]
    order = form["timeseries_limit_metric"]
    return [{**query, "columns": form["groupby"], "metrics": form["metrics"], "orderby": [[order, not form["order_desc"]]],
             "series_limit_metric": order, "post_processing": []}]


def heatmap(form, query):
    across, down = form["sort_x_axis"].endswith("asc"), form["sort_y_axis"].endswith("asc")
    return [{**query, "columns": [axis_of(form), form["groupby"]], "metrics": [form["metric"]],
             "orderby": [[form["x_axis"], across], [form["groupby"], down]],
             "post_processing": [{"operation": "rank", "options": {"metric": label(form["metric"])}}]}]


def funnel(form, query):
    return [{**query, "columns": form["groupby"], "metrics": [form["metric"]], "orderby": [[form["metric"], False]]}]


def pie(form, query):
    name = label(form["metric"])
    share = {"operation": "contribution", "options": {"columns": [name], "rename_columns": [name + "__contribution"]}}
    return [{**query, "columns": form["groupby"], "metrics": [form["metric"]], "orderby": [[form["metric"], False]],
             "post_processing": [share]}]


def treemap(form, query):
    return [{**query, "columns": form["groupby"], "metrics": [form["metric"]],
             "orderby": [[column, True] for column in form["groupby"]]}]


BUILDERS = {
    "big_number": big_number, "big_number_total": big_number_total, "echarts_timeseries_line": series,
    "echarts_timeseries_bar": series, "echarts_area": series, "table": table, "heatmap_v2": heatmap, "pie": pie,
    "funnel": funnel, "treemap_v2": treemap}


def build(form, dataset):
    """form: a chart's settings; dataset: its number. -> the body of POST /api/v1/chart/data"""
    queries = BUILDERS[form["viz_type"]](form, base(form))
    return {"datasource": {"id": dataset, "type": "table"}, "force": False, "queries": queries, "form_data": form,
            "result_format": "json", "result_type": "full"}
