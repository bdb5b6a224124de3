#!/usr/bin/env bash
# tools/build.sh PRESET [TARGET...]   configures build/PRESET when it is new, then builds the targets (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:?usage: tools/build.sh PRESET [TARGET...]}
shift
if [ ! -f "build/$preset/build.ninja" ]; then
  mkdir -p build
  log=build/configure-$preset.log
  if ! cmake --preset "$preset" 2>&1 >"$log" | tee "$log.errors" | { grep '^third_party:' >&2 || true; }; then
    tail -n 30 "$log" "$log.errors" >&2
    exit 1
  fi
fi
if [ -t 1 ]; then exec ninja -C "build/$preset" "$@"; fi
# Without a terminal ninja would print a line for each file: say every tenth, and the errors whole.
NINJA_STATUS='[%f/%t %es] ' ninja -C "build/$preset" "$@" | awk '
  /^\[[0-9]+\/[0-9]+ / {
    split(substr($1, 2), at, "/")
    if (at[1] == at[2] || at[1] - last >= 10) { print; last = at[1]; fflush() }
    next
  }
  { print; fflush() }'
