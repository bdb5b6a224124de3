"""Tells Superset of Freshet: database, datasets, charts and the dashboard. Run again it brings them up to date.

    provision.py --url http://127.0.0.1:8088 --user admin --password-file FILE --database URI [--refresh 5]
Prints the dashboard's address. Errors: what Superset refused, and exit code 1.
"""

import argparse
import pathlib
import sys

import requests

import charts
import dashboard
import datasets
import query_context
from rest import Refused, Superset, text

DATABASE_NAME = "Freshet"
# Superset opens a connection for every query: what SQLAlchemy would ask first on each is left out.
ENGINE = {"use_native_hstore": False, "isolation_level": "AUTOCOMMIT",
          "connect_args": {"application_name": "superset", "options": "-c statement_timeout=30000"}}


def say(what):
    print(what, file=sys.stderr, flush=True)


def put_database(superset, uri):
    extra = {"engine_params": ENGINE, "allows_virtual_table_explore": True, "cost_estimate_enabled": True, "metadata_params": {},
             "metadata_cache_timeout": {"schema_cache_timeout": 30, "table_cache_timeout": 30}}
    body = {"database_name": DATABASE_NAME, "sqlalchemy_uri": uri, "expose_in_sqllab": True, "allow_ctas": False,
            "allow_cvas": False, "allow_dml": False, "allow_run_async": False, "extra": text(extra)}
    known = {row["database_name"]: row["id"] for row in superset.all("database", ["database_name"])}
    return superset.put("database", known.get(DATABASE_NAME), body)


def metric_body(metric, known):
    body = {"metric_name": metric.name, "expression": metric.expression, "verbose_name": metric.title, "d3format": metric.format,
            "currency": {"symbol": metric.currency, "symbolPosition": "prefix"} if metric.currency else None}
    return {**body, "id": known[metric.name]} if metric.name in known else body


def column_body(column, dataset):
    body = {name: column[name] for name in ("id", "column_name", "type", "expression", "filterable", "groupby")}
    body["verbose_name"] = datasets.TITLES.get(column["column_name"], column["column_name"].replace("_", " ").capitalize())
    body["is_dttm"] = column["is_dttm"] or column["column_name"] == dataset.time_column
    if column["column_name"] in dataset.hidden:
        body.update(filterable=False, groupby=False)
    return body


def put_datasets(superset, database):
    """-> table -> (number, columns)"""
    known = {(row["schema"], row["table_name"]): row["id"] for row in superset.all("dataset", ["schema", "table_name"])}
    made = {}
    for dataset in datasets.DATASETS:
        say(f"data set {dataset.table}")
        number = known.get((dataset.schema, dataset.table))
        own_query = {"sql": dataset.sql} if dataset.sql else {}
        if number is None:
            number = superset.call("POST", "dataset/", {
                "database": database, "schema": dataset.schema, "table_name": dataset.table, **own_query})["id"]
        else:
            if own_query:
                superset.call("PUT", f"dataset/{number}", own_query)
            superset.call("PUT", f"dataset/{number}/refresh")
        found = superset.call("GET", f"dataset/{number}")["result"]
        metrics = {row["metric_name"]: row["id"] for row in found["metrics"]}
        superset.call("PUT", f"dataset/{number}?override_columns=false", {
            "main_dttm_col": dataset.time_column, "description": dataset.about, "filter_select_enabled": True,
            "metrics": [metric_body(metric, metrics) for metric in dataset.metrics],
            "columns": [column_body(column, dataset) for column in found["columns"]]})
        made[dataset.table] = (number, {column["column_name"] for column in found["columns"]})
    return made


def put_charts(superset, known_datasets, board):
    """-> name -> (number, uuid)"""
    known = {row["slice_name"]: row["id"] for row in superset.all("chart", ["slice_name"])}
    made = {}
    for chart in charts.CHARTS:
        say(f"chart {chart.name}")
        dataset = known_datasets[chart.dataset][0]
        form = {**chart.form, "datasource": f"{dataset}__table", "extra_form_data": {}, "dashboards": [board]}
        number = superset.put("chart", known.get(chart.name), {
            "slice_name": chart.name, "viz_type": form["viz_type"], "datasource_id": dataset, "datasource_type": "table",
            "params": text(form), "query_context": text(query_context.build(form, dataset)),
            "query_context_generation": True, "dashboards": [board]})
        made[chart.name] = (number, superset.call("GET", f"chart/{number}")["result"].get("uuid") or "")
    return made


def put_dashboard(superset, board, placed, known_datasets, refresh_s):
    numbers = {name: number for name, (number, _) in placed.items()}
    layout = dashboard.positions(placed)
    metadata = dashboard.metadata(numbers, known_datasets, refresh_s)
    superset.call("PUT", f"dashboard/{board}", {
        "dashboard_title": dashboard.TITLE, "slug": dashboard.SLUG, "published": True, "css": dashboard.CSS,
        "position_json": text(layout), "json_metadata": text({**metadata, "positions": layout})})


def provision(options):
    password = pathlib.Path(options.password_file).read_text(encoding="utf-8").strip()
    superset = Superset(options.url, options.user, password)
    database = put_database(superset, options.database)
    known_datasets = put_datasets(superset, database)
    boards = {row["slug"]: row["id"] for row in superset.all("dashboard", ["slug"])}
    board = boards.get(dashboard.SLUG) or superset.call(
        "POST", "dashboard/", {"dashboard_title": dashboard.TITLE, "slug": dashboard.SLUG})["id"]
    placed = put_charts(superset, known_datasets, board)
    put_dashboard(superset, board, placed, known_datasets, options.refresh)
    return f"{options.url.rstrip('/')}/superset/dashboard/{dashboard.SLUG}/"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password-file", required=True)
    parser.add_argument("--database", required=True, help="SQLAlchemy's address of Freshet, with Superset's role and password")
    parser.add_argument("--refresh", type=int, default=5, help="seconds until an open dashboard asks again [5]")
    try:
        print(provision(parser.parse_args()))
    except (Refused, requests.RequestException, OSError) as problem:
        sys.exit(f"provision: {problem}")


if __name__ == "__main__":
    main()
