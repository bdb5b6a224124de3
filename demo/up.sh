#!/usr/bin/env bash
# demo/up.sh   Kafka, Freshet and a Superset dashboard that moves; `make demo` calls it (settings.sh says what can be set)
#   SUPERSET=0 demo/up.sh    without Superset; ends in psql
# It returns when the dashboard is there; everything goes on in the background until demo/down.sh. Started again, after a
# kill too, it goes on where it was. Not known here: which of the steps a machine still needs; each step knows for itself.
set -euo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
with_superset=${SUPERSET:-1}
catch_up_seconds=300

say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }
fail() { printf '[%3d s] %s\n' "$SECONDS" "$*" >&2; exit 1; }

# begin NAME COMMAND...   in the background, output to a log of its own
# finish NAME TITLE       waits for it, says every ten seconds how far it is, and how long it took when it had not ended before
declare -A task_pid task_began
begin() {
  local name=$1
  shift
  "$@" >"$log/$name.log" 2>&1 9>&- &
  task_pid[$name]=$! task_began[$name]=$SECONDS
}
finish() {
  local name=$1 title=$2 file=$log/$1.log said=$SECONDS took=''
  while kill -0 "${task_pid[$name]}" 2>/dev/null; do
    if [ $((SECONDS - said)) -ge 10 ]; then
      said=$SECONDS
      say "  ... $title: $(tail -n 1 "$file" | cut -c1-100)"
    fi
    sleep 0.1
    took=" ($((SECONDS - task_began[$name])) s)"
  done
  if ! wait "${task_pid[$name]}"; then
    unset "task_pid[$name]"
    tail -n 15 "$file" >&2
    fail "$title failed; all it said is in $file"
  fi
  unset "task_pid[$name]"
  say "$title$took"
}
step() { # NAME TITLE COMMAND...
  local name=$1 title=$2
  shift 2
  begin "$name" "$@"
  finish "$name" "$title"
}
end_tasks() { # what was begun and not waited for
  local pid
  for pid in "${task_pid[@]}"; do kill "$pid" 2>/dev/null || true; done
}

# -- ports: those of the last start, unless others are given -----------------------------------------------------------
choose_ports() {
  local name default given kept
  local -A had=()
  if [ -f "$home/ports" ]; then while IFS='=' read -r name kept; do had[$name]=$kept; done <"$home/ports"; fi
  for name in DEMO_KAFKA_PORT=9192 DEMO_PORT=7432 DEMO_HTTP_PORT=7480 DEMO_SUPERSET_PORT=8088; do
    default=${name#*=} name=${name%%=*}
    given=${!name:-} kept=${had[$name]:-}
    declare -g "$name=${given:-${kept:-$default}}"
    [[ ${!name} =~ ^[1-9][0-9]*$ ]] || fail "$name='${!name}' is no port"
  done
  kept=${had[DEMO_KAFKA_PORT]:-$DEMO_KAFKA_PORT}
  [ "$kept" = "$DEMO_KAFKA_PORT" ] || fail "the sources of this demo read from port $kept; 'demo/down.sh --purge' forgets them"
}
remember_ports() {
  local name
  for name in DEMO_KAFKA_PORT DEMO_PORT DEMO_HTTP_PORT DEMO_SUPERSET_PORT; do echo "$name=${!name}"; done >"$home/ports.new"
  mv "$home/ports.new" "$home/ports"
}

# -- Freshet -----------------------------------------------------------------------------------------------------------
pipeline_files() { # the demo's SQL with this Kafka's address
  local file
  mkdir -p "$home/pipeline"
  for file in flights orders; do
    sed "s/127\.0\.0\.1:9192/127.0.0.1:$DEMO_KAFKA_PORT/" "$project/demo/$file.sql" >"$home/pipeline/$file.sql.new"
    cmp -s "$home/pipeline/$file.sql.new" "$home/pipeline/$file.sql" || mv "$home/pipeline/$file.sql.new" "$home/pipeline/$file.sql"
    rm -f "$home/pipeline/$file.sql.new"
  done
}

start_freshet() {
  local file newer='' deadline=$((SECONDS + 120))
  pipeline_files
  for file in "$program" "$home/pipeline/flights.sql" "$home/pipeline/orders.sql"; do
    [ ! "$file" -nt "$home/freshet.pid" ] || newer="$file is newer than the running server"
  done
  [ "$(cat "$home/freshet/server.address" 2>/dev/null)" = "127.0.0.1:$DEMO_PORT" ] || newer="the port changes"
  if process_running "$home/freshet.pid"; then
    [ -n "$newer" ] || return 0
    echo "$newer"
    process_stop "$home/freshet.pid" 30
  fi
  for file in "$DEMO_PORT" "$DEMO_HTTP_PORT"; do
    if port_taken "$file"; then echo "port $file is taken by another program"; return 1; fi
  done
  rm -f "$home/freshet/server.address"
  : >"$log/server.log"
  process_start "$home/freshet.pid" "$log/server.log" "$program" run --data-dir "$home/freshet" --listen "127.0.0.1:$DEMO_PORT" \
    --http "127.0.0.1:$DEMO_HTTP_PORT" "$home/pipeline/flights.sql" "$home/pipeline/orders.sql"
  until curl -fs -o /dev/null "http://127.0.0.1:$DEMO_HTTP_PORT/healthz" && [ -f "$home/freshet/server.address" ]; do
    if ! process_running "$home/freshet.pid"; then tail -n 8 "$log/server.log"; return 1; fi
    if [ $SECONDS -ge $deadline ]; then echo "no answer after 120 s, see $log/server.log"; return 1; fi
    sleep 0.1
  done
}

ask() { "$program" psql --data-dir "$home/freshet" -- -X -q -At -v ON_ERROR_STOP=1 "$@"; }

make_role() { # Superset signs in as a role that can only read
  local password
  if [ ! -s "$home/role-password" ]; then (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' 'xy' >"$home/role-password"); fi
  password=$(cat "$home/role-password")
  ask -c "CREATE ROLE IF NOT EXISTS superset LOGIN PASSWORD '$password'" -c "ALTER ROLE superset PASSWORD '$password'" \
    -c "GRANT SELECT ON ALL TABLES IN SCHEMA public TO superset"
}

# -- events ------------------------------------------------------------------------------------------------------------
start_senders() {
  local python archive kafka=127.0.0.1:$DEMO_KAFKA_PORT
  python=$("$project/tools/venv.sh" demo "$project/demo/replay/requirements.txt")
  archive=$("$project/demo/replay/data.sh")
  sender flights "$python" "$project/demo/replay" flights --bootstrap "$kafka" --archive "$archive" \
    --speedup "${DEMO_SPEEDUP:-60}" --history "${DEMO_FLIGHTS_HISTORY:-146h}" --broken "${DEMO_BROKEN:-0.0005}"
  sender orders "$python" "$project/demo/replay" orders --bootstrap "$kafka" --rate "${DEMO_ORDERS_RATE:-6}" \
    --history "${DEMO_ORDERS_HISTORY:-6h}" --broken "${DEMO_BROKEN:-0.0005}"
}
sender() { # NAME COMMAND...: one that runs with other settings than these is started again
  local name=$1
  shift
  if process_running "$home/$name.pid"; then
    [ "$(cat "$home/$name.command" 2>/dev/null)" != "$*" ] || return 0
    process_stop "$home/$name.pid" 10
  fi
  echo "$*" >"$home/$name.command"
  : >"$log/$name-sender.log"
  process_start "$home/$name.pid" "$log/$name-sender.log" "$@"
}

caught_up() { # until both senders have sent the past and Freshet has read it
  local name lag deadline=$((SECONDS + catch_up_seconds))
  while true; do
    for name in flights orders; do
      process_running "$home/$name.pid" || { tail -n 3 "$log/$name-sender.log"; echo "the sender of $name ended"; return 1; }
    done
    lag=$(ask -c "SELECT coalesce(sum(lag), 0) FROM freshet.source_partitions")
    if ! grep -q 'at the pace of time' "$log/flights-sender.log"; then
      echo "flights: $(tail -n 1 "$log/flights-sender.log")"
    elif ! grep -q 'at the pace of time' "$log/orders-sender.log"; then
      echo "orders: $(tail -n 1 "$log/orders-sender.log")"
    elif [ "$lag" -gt 1000 ]; then
      echo "$lag records to read"
    else
      return 0
    fi
    if [ $SECONDS -ge $deadline ]; then echo "still behind after $catch_up_seconds s; it goes on"; return 0; fi
    sleep 1
  done
}

provision() { # once; what an analyst changes afterwards stays, until the demo's own description changes
  local python done
  done=$(cat "$project"/demo/superset/*.py "$home/role-password" "$home/ports" | sha256sum)
  if [ "$(cat "$home/superset/provisioned" 2>/dev/null)" = "$done" ]; then return 0; fi
  python=$("$project/tools/venv.sh" superset "$project/demo/superset/requirements.txt")
  "$python" "$project/demo/superset/provision.py" --url "http://127.0.0.1:$DEMO_SUPERSET_PORT" --user admin \
    --password-file "$home/superset/admin-password" --refresh "${DEMO_REFRESH:-5}" \
    --database "postgresql+psycopg2://superset:$(cat "$home/role-password")@127.0.0.1:$DEMO_PORT/freshet"
  echo "$done" >"$home/superset/provisioned"
}

# -- all of it ---------------------------------------------------------------------------------------------------------
mkdir -p "$log"
home=$(cd "$home" && pwd) log=$home/log
exec 9>"$home/lock"
flock -n 9 || { say "another demo/up.sh is at work here; waiting for it"; flock 9; }
trap end_tasks EXIT
choose_ports
"$project/tools/setup.sh" build demo
begin kafka "$project/demo/kafka/up.sh" "$home/kafka" "$DEMO_KAFKA_PORT"
begin data "$project/demo/replay/data.sh"
[ "$with_superset" = 0 ] || begin superset "$project/demo/superset/up.sh" "$home/superset" "$DEMO_SUPERSET_PORT"
[ -n "${DEMO_PROGRAM:-}" ] || step build "Freshet is built" "$project/tools/build.sh" release freshet
finish kafka "Kafka runs"
finish data "the flights of 2013 are here"
step senders "flights and orders are being sent" start_senders
remember_ports
step freshet "Freshet runs" start_freshet
step role "Superset's role can read" make_role
begin catch-up caught_up
if [ "$with_superset" != 0 ]; then
  finish superset "Superset runs"
  step provision "the dashboard is made" provision
fi
finish catch-up "the past is in the views"
echo
if [ "$with_superset" != 0 ]; then
  echo "    dashboard   http://127.0.0.1:$DEMO_SUPERSET_PORT/superset/dashboard/freshet-demo/"
  echo "    user        admin"
  echo "    password    $(cat "$home/superset/admin-password")"
fi
echo "    SQL         ${program#"$project/"} psql --data-dir ${home#"$project/"}/freshet"
echo "    stop        make demo-stop"
echo
if [ "$with_superset" = 0 ] && [ -t 0 ] && [ -t 1 ]; then
  exec 9>&-
  exec "$program" psql --data-dir "$home/freshet"
fi
