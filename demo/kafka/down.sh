#!/usr/bin/env bash
# demo/kafka/down.sh DIR   stops the brokers that up.sh started in DIR, cleanly; their data stays
set -euo pipefail
# shellcheck source=../process.sh
. "$(dirname "$0")/../process.sh"
dir=${1:?usage: down.sh DIR}
for file in $(ls -r "$dir"/broker-*/pid 2>/dev/null); do # the controller, number 1, is the last
  if process_running "$file"; then echo "kafka: stopping $(basename "$(dirname "$file")")" >&2; fi
  process_stop "$file" 30
done
