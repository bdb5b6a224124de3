"""Configuration of the demo's Superset; demo/superset/up.sh sets SUPERSET_HOME and FRESHET_REDIS.

Metadata is one SQLite file: the demo has a handful of viewers, and nothing to install or to keep running. With the log
of actions going to the log file instead of the database it is written only while somebody edits.
"""

import os
from copy import deepcopy

from superset.config import TALISMAN_CONFIG as DEFAULT_TALISMAN_CONFIG
from superset.config import THEME_DEFAULT as STOCK_THEME
from superset.utils.log import StdOutEventLogger

HOME = os.environ["SUPERSET_HOME"]
REDIS = os.environ["FRESHET_REDIS"]  # a unix:// address: no other user of the machine reaches what is pickled there

with open(os.path.join(HOME, "secret-key"), encoding="ascii") as file:
    SECRET_KEY = file.read().strip()

SQLALCHEMY_DATABASE_URI = f"sqlite:///{HOME}/superset.db"
SQLALCHEMY_ENGINE_OPTIONS = {"connect_args": {"timeout": 30}}
EVENT_LOGGER = StdOutEventLogger()


def cache(prefix, seconds):
    return {"CACHE_TYPE": "RedisCache", "CACHE_KEY_PREFIX": prefix, "CACHE_DEFAULT_TIMEOUT": seconds, "CACHE_REDIS_URL": REDIS}


# A result is shared by everyone who looks at the same moment, and no longer: the data moves every second.
DATA_CACHE_CONFIG = cache("superset_data_", 4)
CACHE_CONFIG = cache("superset_meta_", 300)
FILTER_STATE_CACHE_CONFIG = cache("superset_filter_", 90 * 86400)
EXPLORE_FORM_DATA_CACHE_CONFIG = cache("superset_explore_", 7 * 86400)
RATELIMIT_STORAGE_URI = "redis+" + REDIS

# Charts of an open dashboard ask again through the cache instead of around it.
DASHBOARD_AUTO_REFRESH_MODE = "fetch"
DASHBOARD_AUTO_REFRESH_INTERVALS = [
    [0, "Don't refresh"], [2, "2 seconds"], [5, "5 seconds"], [10, "10 seconds"], [30, "30 seconds"], [60, "1 minute"]]

# Its probe passes the schema as a catalog and connects to a database called "public".
DATASET_AUTO_DETECT_DATETIME_FORMATS = False

PREVENT_UNSAFE_DB_CONNECTIONS = True
FEATURE_FLAGS = {"DASHBOARD_RBAC": True, "ESTIMATE_QUERY_COST": True, "DASHBOARD_VIRTUALIZATION": True}
APP_NAME = "Freshet demo"
SQLLAB_TIMEOUT = 60
SUPERSET_WEBSERVER_TIMEOUT = 60
WTF_CSRF_TIME_LIMIT = None
CONTENT_SECURITY_POLICY_WARNING = False

# The demo talks to nobody: no telemetry pixels, no map tiles.
TALISMAN_CONFIG = deepcopy(DEFAULT_TALISMAN_CONFIG)
TALISMAN_CONFIG["content_security_policy"]["img-src"] = ["'self'", "blob:", "data:"]
TALISMAN_CONFIG["content_security_policy"]["connect-src"] = ["'self'"]

EXTRA_CATEGORICAL_COLOR_SCHEMES = [{
    "id": "freshet", "label": "Freshet", "description": "", "isDefault": True,
    "colors": ["#1F77B4", "#17A2A2", "#F2A541", "#D1495B", "#6C5B9E", "#5FAD56", "#8FB8DE", "#9AD1D4",
               "#F7CE8C", "#E59BA6", "#B3A8D1", "#A9D6A3", "#3D5A80", "#7A8B99", "#B5651D", "#C9CED6"],
}]
EXTRA_SEQUENTIAL_COLOR_SCHEMES = [{
    "id": "freshet_heat", "label": "Freshet heat", "description": "", "isDiverging": False,
    "colors": ["#EEF4FA", "#BFD9EC", "#F7CE8C", "#F2A541", "#D1495B"],
}]
# Legends without "All" and "Inv", whose words do not come with the front end; times on an axis that do not touch.
PLOT = {"legend": {"selector": False, "icon": "circle", "itemWidth": 14, "itemHeight": 14},
        "xAxis": {"axisLabel": {"fontSize": 11, "hideOverlap": True}}, "yAxis": {"axisLabel": {"fontSize": 11}}}
PLOTS = ("echarts_area", "echarts_timeseries_bar", "echarts_timeseries_line")
THEME_DEFAULT = {
    **STOCK_THEME, "echartsOptionsOverridesByChartType": dict.fromkeys(PLOTS, PLOT),
    "token": {**STOCK_THEME["token"], "colorPrimary": "#1F77B4", "colorLink": "#1F77B4", "brandAppName": APP_NAME}}
THEME_DARK = None
