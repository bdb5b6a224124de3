#!/usr/bin/env bash
# demo/down.sh [--purge]   stops what up.sh started, and nothing else; with --purge all that the demo made is removed too
set -euo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
if [ $# -gt 0 ] && [ "$1" != --purge ]; then echo "usage: demo/down.sh [--purge]" >&2; exit 2; fi
[ -d "$home" ] || exit 0
for name in flights orders; do process_stop "$home/$name.pid" 15; done
"$project/demo/superset/down.sh" "$home/superset"
if process_running "$home/freshet.pid"; then echo "freshet: stopping" >&2; fi
process_stop "$home/freshet.pid" 30
"$project/demo/kafka/down.sh" "$home/kafka"
if [ "${1:-}" = --purge ]; then rm -rf "$home"; fi
