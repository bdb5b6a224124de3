#!/usr/bin/env bash
# demo/superset/down.sh DIR   stops the Superset and the Redis that up.sh started in DIR; dashboards and charts stay
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../process.sh
. "$here/../process.sh"
dir=${1:?usage: down.sh DIR}
[ -d "$dir" ] || exit 0
if process_running "$dir/web.pid"; then echo "superset: stopping" >&2; fi
process_stop "$dir/web.pid" 6
process_stop "$dir/redis.pid" 10
if [ -f "$dir/socket-folder" ]; then rm -rf "$(cat "$dir/socket-folder")" "$dir/socket-folder"; fi
