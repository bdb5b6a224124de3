#!/usr/bin/env bash
# tools/venv.sh NAME REQUIREMENTS   prints the python of a virtual environment with exactly those requirements
# It lives in the cache folder under a key of the requirements and the interpreter: made once, shared by every clone.
set -euo pipefail
cd "$(dirname "$0")/.."
name=${1:?usage: tools/venv.sh NAME REQUIREMENTS} requirements=${2:?usage: tools/venv.sh NAME REQUIREMENTS}
cache=${FRESHET_CACHE:-$HOME/.cache/freshet}/venv
key=$({ cat "$requirements"; python3 --version; command -v python3; } | sha256sum | cut -c1-16)
home=$cache/$name-$key
mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
if [ ! -f "$home/complete" ]; then
  echo "venv: making $name (once)" >&2
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements" >&2
  touch "$home/complete"
fi
echo "$home/bin/python"
