# Sourced by up.sh and down.sh: where the demo lives and what may be said of it in the environment.
#   DEMO_HOME=.freshet/demo           everything that the demo makes, but what is in the cache folder
#   DEMO_KAFKA_PORT=9192 DEMO_PORT=7432 DEMO_HTTP_PORT=7480 DEMO_SUPERSET_PORT=8088    kept for the next start
#   DEMO_SPEEDUP=60                   flights: 60 makes an hour of 2013 a minute
#   DEMO_FLIGHTS_HISTORY=146h         how much of the past there is at the first start; 146 h at 60 are the whole year
#   DEMO_ORDERS_RATE=6                orders a second on average
#   DEMO_ORDERS_HISTORY=6h            how much of their past there is at the first start
#   DEMO_BROKEN=0.0005                share of records that are followed by one that no schema accepts
#   DEMO_PROGRAM=FILE                 this freshet; without it build/release/freshet is built and used
#   DEMO_REFRESH=5                    seconds after which an open dashboard asks again
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=${DEMO_HOME:-$project/.freshet/demo}
[[ $home == /* ]] || home=$PWD/$home
log=$home/log
program=${DEMO_PROGRAM:-$project/build/release/freshet}
[[ $program == /* ]] || program=$PWD/$program
# shellcheck source=process.sh
. "$project/demo/process.sh"
