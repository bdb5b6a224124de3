# Sourced by the demo's scripts: programs in the background, each known by a file with its process id and start time.
# A number that the system has given to another program since then is never taken for ours.
#
#   process_start FILE LOG COMMAND...   starts it detached from the terminal, output to LOG
#   process_running FILE                0 while it runs
#   process_stop FILE [SECONDS]         SIGTERM, and SIGKILL when it still runs after SECONDS (30)
#   process_end_orphans FILE            ends what is left of one that was killed: workers, which may hold its port
#   port_taken PORT                     0 when something answers on 127.0.0.1:PORT

# The start time of a process in clock ticks since boot; empty when it is gone or a zombie.
process_born() {
  local stat
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
  local -a field
  read -ra field <<<"${stat##*) }"
  [ "${field[0]}" = Z ] || echo "${field[19]}"
}

process_start() {
  local file=$1 log=$2 pid
  shift 2
  setsid nohup "$@" >>"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  echo "$pid $(process_born "$pid")" >"$file"
}

process_running() {
  local pid='' born=''
  { read -r pid born <"$1"; } 2>/dev/null || true
  [ -n "$pid" ] && [ -n "$born" ] && [ "$(process_born "$pid")" = "$born" ]
}

# A program leads a session of its own, and the system gives the number of a group to nobody while it has a member.
process_end_orphans() {
  local pid='' try # a zombie that nobody waits for stays in the group: not for ever
  { read -r pid _ <"$1"; } 2>/dev/null || true
  if [ -z "$pid" ] || [ -n "$(process_born "$pid")" ]; then return 0; fi
  for try in {1..20}; do
    kill -KILL -- "-$pid" 2>/dev/null || return 0
    sleep 0.1
  done
}

process_stop() {
  local file=$1 seconds=${2:-30} pid deadline
  if process_running "$file"; then
    read -r pid _ <"$file"
    kill "$pid" 2>/dev/null || true
    deadline=$((SECONDS + seconds))
    while process_running "$file"; do
      if [ $SECONDS -ge $deadline ]; then kill -KILL "$pid" 2>/dev/null || true; fi
      sleep 0.1
    done
  fi
  process_end_orphans "$file"
  rm -f "$file"
}

port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
