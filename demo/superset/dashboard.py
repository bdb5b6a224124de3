"""The dashboard: sections and rows of the grid, filters, colours."""

import charts

TITLE = "Freshet: live from Kafka"
SLUG = "freshet-demo"
INTRODUCTION = """
Every flight that left New York in 2013, at **an hour of then a minute of now**, and a shop that delivers within the hour:
events in Kafka, kept up to date as SQL views by Freshet. All times are UTC.
"""

# (title, rows of (chart, width of 12, height in units of 8 pixels))
SECTIONS = [
    ("The last hour", [[(chart.name, 2, 22) for chart in charts.NOW]]),
    ("Flights", [
        [("Departures a minute by airline", 8, 40), ("Departures by airport and airline", 4, 40)],
        [("Departure delay: percentiles", 6, 36), ("Cancellations by airport", 6, 36)],
        [("Airlines by average delay", 5, 56), ("Routes with the longest delays", 7, 56)],
        [("Average delay by hour of the timetable", 6, 36), ("Average delay by weather", 3, 36),
         ("Seats flown by manufacturer", 3, 36)],
    ]),
    ("Orders", [
        [("Revenue a minute by category", 8, 38), ("Orders of the last hour by stage", 4, 38)],
        [("Orders every five seconds", 4, 36), ("Orders a minute by region", 8, 36)],
        [("Average order value by channel", 4, 36), ("Order to door: percentiles", 4, 36), ("Order to van: p95 by warehouse", 4, 36)],
        [("Deliveries by region", 8, 42), ("Revenue by channel", 4, 42)],
    ]),
    ("Operations", [
        [("Rows a second", 3, 21), ("Consumer lag", 3, 21), ("Orders are visible after", 3, 21), ("Dead letters, last hour", 3, 21)],
        [("Sources: rate and lag", 6, 40), ("Freshness of sources and views", 6, 40)],
        [("Rows a second by partition", 3, 42), ("Dead letters by reason", 3, 42), ("Latest dead letters", 6, 42)],
    ]),
]

# (name, dataset and column that gives the values)
FILTERS = [("Airport", "flights_per_hour", "origin"), ("Airline", "flights_per_hour", "airline"),
           ("Region", "orders_per_minute", "region")]
WITHOUT_TIME_FILTER = {"freshness", "sources", "source_partitions"}

PALETTE = ["#1F77B4", "#17A2A2", "#F2A541", "#D1495B", "#6C5B9E", "#5FAD56", "#8FB8DE", "#9AD1D4",
           "#F7CE8C", "#E59BA6", "#B3A8D1", "#A9D6A3", "#3D5A80", "#7A8B99", "#B5651D", "#C9CED6"]
# A name has one colour wherever it appears; neighbours in one chart differ.
NAMES = [
    ["United Air Lines", "JetBlue Airways", "ExpressJet Airlines", "Delta Air Lines", "American Airlines", "Envoy Air", "US Airways",
     "Endeavor Air", "Southwest Airlines", "Virgin America", "AirTran Airways", "Alaska Airlines", "Frontier Airlines", "Hawaiian Airlines",
     "Mesa Airlines", "SkyWest Airlines"],
    ["EWR", "JFK", "LGA"],
    ["DACH", "France", "UK", "Iberia", "Benelux", "Italy", "Nordics"],
    ["Electronics", "Groceries", "Fashion", "Household", "Pharmacy", "Toys"],
    ["app", "web", "phone"],
    ["Boeing", "Airbus", "Embraer", "Bombardier", "McDonnell Douglas", "Other"],
    ["Leipzig", "Lyon", "Leeds", "Madrid", "Antwerp", "Milan", "Malmo"],
    ["flights", "order_created", "order_shipped", "order_delivered"],
    ["malformed_json", "type_mismatch", "not_null", "invalid_utf8", "tombstone", "out_of_range"],
]
COLORS = {name: PALETTE[at] for names in NAMES for at, name in enumerate(names)}
COLORS.update({"Placed": "#8FB8DE", "Accepted": "#9AD1D4", "Shipped": "#F7CE8C", "Delivered": "#A9D6A3"})
COLORS.update({"p50": "#17A2A2", "p95": "#F2A541", "p99": "#D1495B"})

CSS = """
.dashboard-content { background: #f3f5f8; }
.dashboard-component-chart-holder { border: 1px solid #e4e8ee; border-radius: 8px; box-shadow: 0 1px 2px rgba(20, 40, 80, .05); }
.header-title .editable-title input, .header-title .editable-title span { font-weight: 600; }
.dashboard-component-header { color: #1d3557; font-weight: 600; letter-spacing: .01em; }
.dashboard-markdown .dashboard-component-chart-holder { background: transparent; border: none; box-shadow: none; padding: 0 4px; }
.dashboard-markdown p { color: #51607a; font-size: 14px; margin: 0; }
.superset-legacy-chart-big-number .subtitle-line, .superset-legacy-chart-big-number .subheader-line { color: #7a8b99; }
"""


def component(kind, name, parents, **meta):
    return {"type": kind, "id": name, "children": [], "parents": parents, "meta": meta}


def positions(placed):
    """placed: chart name -> (number, uuid). -> position_json"""
    parents = ["ROOT_ID", "GRID_ID"]
    grid = {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]}
    made = {"DASHBOARD_VERSION_KEY": "v2", "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]}, "GRID_ID": grid,
            "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": TITLE}}}

    def add(parent, child):
        made[child["id"]] = child
        parent["children"].append(child["id"])
        return child

    def row(name):
        return add(grid, component("ROW", f"ROW-{name}", parents, background="BACKGROUND_TRANSPARENT"))

    introduction = row("introduction")
    add(introduction, component("MARKDOWN", "MARKDOWN-introduction", [*parents, introduction["id"]], width=12, height=4,
                                code=INTRODUCTION.strip()))
    for title, rows in SECTIONS:
        add(grid, component("HEADER", f"HEADER-{title.lower().replace(' ', '-')}", parents, text=title, headerSize="MEDIUM_HEADER",
                            background="BACKGROUND_TRANSPARENT"))
        for at, cells in enumerate(rows):
            line = row(f"{title.lower().replace(' ', '-')}-{at}")
            for name, width, height in cells:
                number, uuid = placed[name]
                add(line, component("CHART", f"CHART-{number}", [*parents, line["id"]], chartId=number, width=width, height=height,
                                    sliceName=name, uuid=uuid))
    return made


def scope(numbers, in_scope):
    return {"chartsInScope": [numbers[name] for name in in_scope], "tabsInScope": [], "cascadeParentIds": [], "description": "",
            "scope": {"rootPath": ["ROOT_ID"], "excluded": sorted(numbers[name] for name in numbers if name not in in_scope)},
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}}, "type": "NATIVE_FILTER"}


def filters(numbers, datasets):
    """numbers: chart name -> number; datasets: table -> (number, columns)"""
    made = []
    for title, table, column in FILTERS:
        in_scope = [chart.name for chart in charts.CHARTS if column in datasets[chart.dataset][1]]
        made.append({"id": f"NATIVE_FILTER-{column}", "name": title, "filterType": "filter_select",
                     "targets": [{"datasetId": datasets[table][0], "column": {"name": column}}],
                     "controlValues": {"multiSelect": True, "enableEmptyFilter": False, "defaultToFirstItem": False,
                                       "inverseSelection": False, "searchAllOptions": False}, **scope(numbers, in_scope)})
    in_scope = [chart.name for chart in charts.CHARTS if chart.dataset not in WITHOUT_TIME_FILTER]
    made.append({"id": "NATIVE_FILTER-time", "name": "Time range", "filterType": "filter_time", "targets": [{}],
                 "controlValues": {"enableEmptyFilter": False}, **scope(numbers, in_scope)})
    return made


def metadata(numbers, datasets, refresh_s):
    return {"native_filter_configuration": filters(numbers, datasets), "refresh_frequency": refresh_s, "stagger_refresh": False,
            "timed_refresh_immune_slices": [], "color_scheme": charts.COLORS, "label_colors": COLORS,
            "shared_label_colors": [], "map_label_colors": {}, "expanded_slices": {}, "default_filters": "{}",
            "chart_configuration": {}, "cross_filters_enabled": True, "filter_bar_orientation": "HORIZONTAL"}
