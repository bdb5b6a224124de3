#!/usr/bin/env bash
# demo/superset/up.sh DIR PORT   starts Apache Superset on 127.0.0.1:PORT with its Redis, and prints its address
# On a DIR that is running it only prints; one that was stopped or killed, wherever it was, goes on from there.
#   SUPERSET_USER=admin       the administrator; the password is made up once and is in DIR/admin-password
#   SUPERSET_PASSWORD=...     or this one
#   SUPERSET_WORKERS=2        processes, each with 16 threads
# The Python packages and the empty metadata database are made once, in the cache folder.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../process.sh
. "$here/../process.sh"
dir=${1:?usage: up.sh DIR PORT} port=${2:?usage: up.sh DIR PORT}
ready_seconds=120
say() { echo "superset: $*" >&2; }
fail() { say "$*"; exit 1; }

mkdir -p "$dir/log"
dir=$(cd "$dir" && pwd)
chmod 700 "$dir"
exec 9>"$dir/lock"
flock 9
# shellcheck source=environment.sh
. "$here/environment.sh"
command -v redis-server >/dev/null || fail "redis-server is missing: run 'tools/setup.sh demo'"
python=$("$here/../../tools/venv.sh" superset "$here/requirements.txt")
key=$(sha256sum <"$here/requirements.txt" | cut -c1-16)
template=${FRESHET_CACHE:-$HOME/.cache/freshet}/superset-metadata/$key.db

redis() {
  if process_running "$dir/redis.pid"; then return 0; fi
  process_start "$dir/redis.pid" "$dir/log/redis.log" redis-server --port 0 --unixsocket "$redis_socket" \
    --unixsocketperm 700 --dir "$dir" --save '' --appendonly no --maxmemory 128mb --maxmemory-policy allkeys-lru
  local deadline=$((SECONDS + 20))
  until [ "$(redis-cli -s "$redis_socket" ping 2>/dev/null)" = PONG ]; do
    process_running "$dir/redis.pid" || fail "Redis ended while starting: $(tail -n 1 "$dir/log/redis.log")"
    [ $SECONDS -lt $deadline ] || fail "Redis does not answer, see $dir/log/redis.log"
    sleep 0.05
  done
}

secrets() {
  umask 077
  [ -s "$dir/secret-key" ] || head -c 42 /dev/urandom | base64 -w 0 >"$dir/secret-key"
  if [ -n "${SUPERSET_PASSWORD:-}" ]; then
    echo "$SUPERSET_PASSWORD" >"$dir/admin-password"
  elif [ ! -s "$dir/admin-password" ]; then
    head -c 9 /dev/urandom | base64 | tr '+/' 'xy' >"$dir/admin-password"
  fi
  umask 022
}

prepare() { # WORDS...: a step of prepare.py
  "$python" "$here/prepare.py" "$@" >"$dir/log/prepare-$1.log" 2>&1 ||
    fail "prepare.py $1 failed: $(tail -n 1 "$dir/log/prepare-$1.log") (see $dir/log/prepare-$1.log)"
}

metadata() { # a file that has its final name is whole: it is made under another one and renamed
  if [ ! -f "$template" ]; then
    say "making the metadata tables (once, 20 seconds or more)"
    local work
    work=$(mktemp -d "$dir/metadata.XXXXXX")
    cp "$dir/secret-key" "$work/"
    SUPERSET_HOME=$work prepare tables
    mkdir -p "$(dirname "$template")"
    mv "$work/superset.db" "$template.$$"
    mv "$template.$$" "$template"
    rm -rf "$work"
  fi
  if [ ! -f "$dir/superset.db" ]; then
    cp "$template" "$dir/superset.db.new"
    mv "$dir/superset.db.new" "$dir/superset.db"
    echo "$key" >"$dir/superset.db.key"
    rm -f "$dir/user-done" "$dir/provisioned"
  elif [ "$(cat "$dir/superset.db.key" 2>/dev/null)" != "$key" ]; then
    say "bringing the metadata to this version of Superset"
    prepare tables
    echo "$key" >"$dir/superset.db.key"
  fi
  local user
  user="${SUPERSET_USER:-admin} $(sha256sum <"$dir/admin-password")"
  if [ "$(cat "$dir/user-done" 2>/dev/null)" != "$user" ]; then
    say "making the administrator"
    prepare user "${SUPERSET_USER:-admin}" "$(cat "$dir/admin-password")"
    echo "$user" >"$dir/user-done"
  fi
}

web() {
  if process_running "$dir/web.pid"; then
    [ "$(cat "$dir/port")" = "$port" ] || fail "$dir runs on port $(cat "$dir/port") and not $port; stop it first (down.sh $dir)"
    return 0
  fi
  process_end_orphans "$dir/web.pid"
  ! port_taken "$port" || fail "port $port is taken by another program"
  echo "$port" >"$dir/port"
  process_start "$dir/web.pid" "$dir/log/web.log" "$python" -m gunicorn --bind "127.0.0.1:$port" --chdir "$dir" \
    --workers "${SUPERSET_WORKERS:-2}" --worker-class gthread --threads 16 --timeout 120 --graceful-timeout 2 \
    --log-level warning "superset.app:create_app()"
}

web_ready() {
  local deadline=$((SECONDS + ready_seconds))
  until curl -fsS -o /dev/null "http://127.0.0.1:$port/health" 2>/dev/null; do
    process_running "$dir/web.pid" || fail "it ended while starting: $(tail -n 1 "$dir/log/web.log") (see $dir/log/web.log)"
    [ $SECONDS -lt $deadline ] || fail "no answer after $ready_seconds s, see $dir/log/web.log"
    sleep 0.2
  done
}

redis
secrets
metadata
web
say "waiting for its first answer"
web_ready
echo "http://127.0.0.1:$port"
