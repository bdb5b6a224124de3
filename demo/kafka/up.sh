#!/usr/bin/env bash
# demo/kafka/up.sh DIR PORT   starts a real Apache Kafka (KRaft) on 127.0.0.1 and prints its bootstrap servers
# On a DIR that is running it only prints them; on one that was stopped or killed it goes on with its data.
#   BROKERS=1         broker n listens on PORT + 10 (n - 1); the first is also the controller, on PORT + 1
#   SECURE=1          also SASL over TLS (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512) on PORT + 2 of each broker; the
#                     certificate authority is DIR/tls/ca.crt
#   KAFKA_USER, KAFKA_PASSWORD   who may sign in there (freshet / freshet-secret)
#   KAFKA_HEAP=512m   per broker;  KAFKA_PROPERTIES=FILE   lines appended to each server.properties
#   KAFKA_VERSION     another version than the one in pom.xml
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=../process.sh
. "$here/../process.sh"
dir=${1:?usage: up.sh DIR PORT} port=${2:?usage: up.sh DIR PORT}
brokers=${BROKERS:-1} secure=${SECURE:-0}
user=${KAFKA_USER:-freshet} password=${KAFKA_PASSWORD:-freshet-secret}
ready_seconds=120
say() { echo "kafka: $*" >&2; }
fail() { say "$*"; exit 1; }

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/lock"
flock 9
jars=$("$here/jars.sh")

client_port() { echo $((port + 10 * ($1 - 1))); }
bootstrap=$(for n in $(seq "$brokers"); do echo "127.0.0.1:$(client_port "$n")"; done | paste -sd,)

certificate() { # one for all brokers, signed by an authority of its own
  [ ! -f "$dir/tls/server.pem" ] || return 0
  mkdir -p "$dir/tls"
  (
    cd "$dir/tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=Freshet demo authority" -keyout ca.key -out ca.crt
    openssl req -newkey rsa:2048 -nodes -subj "/CN=127.0.0.1" -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out server.crt \
      -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost")
    chmod 600 ./*.key
    openssl pkcs8 -topk8 -nocrypt -in server.key | cat - server.crt ca.crt >server.pem
  ) >"$dir/tls.log" 2>&1 || fail "cannot make the certificates, see $dir/tls.log"
}

secure_properties() {
  local mechanism login=org.apache.kafka.common.security
  echo "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
  echo "listener.name.sasl_ssl.ssl.keystore.type=PEM"
  echo "listener.name.sasl_ssl.ssl.keystore.location=$dir/tls/server.pem"
  for mechanism in scram-sha-256 scram-sha-512; do
    echo "listener.name.sasl_ssl.$mechanism.sasl.jaas.config=$login.scram.ScramLoginModule required;"
  done
  echo "listener.name.sasl_ssl.plain.sasl.jaas.config=$login.plain.PlainLoginModule required user_$user=\"$password\";"
}

properties() { # N
  local client listeners roles=broker copies=$((brokers < 3 ? brokers : 3))
  client=$(client_port "$1")
  listeners=PLAINTEXT://127.0.0.1:$client
  [ "$secure" != 1 ] || listeners+=,SASL_SSL://127.0.0.1:$((client + 2))
  echo "advertised.listeners=$listeners"
  if [ "$1" = 1 ]; then roles=broker,controller listeners+=,CONTROLLER://127.0.0.1:$((port + 1)); fi
  cat <<PROPERTIES
process.roles=$roles
node.id=$1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=$listeners
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
log.dirs=$dir/broker-$1/data
auto.create.topics.enable=false
log.retention.hours=-1
group.initial.rebalance.delay.ms=0
default.replication.factor=$copies
offsets.topic.num.partitions=4
offsets.topic.replication.factor=$copies
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=4
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=1
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
PROPERTIES
  [ "$secure" != 1 ] || secure_properties
  [ -z "${KAFKA_PROPERTIES:-}" ] || cat "$KAFKA_PROPERTIES"
}

format() { # N: only a new broker; all share one cluster id
  local home=$dir/broker-$1 mechanism
  local -a scram=()
  [ ! -f "$home/data/meta.properties" ] || return 0
  [ -s "$dir/cluster-id" ] || head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | cut -c1-22 >"$dir/cluster-id"
  for mechanism in SCRAM-SHA-256 SCRAM-SHA-512; do scram+=(--add-scram "$mechanism=[name=$user,password=$password]"); done
  "$here/tool.sh" storage format --cluster-id "$(cat "$dir/cluster-id")" --config "$home/server.properties" "${scram[@]}" \
    >"$home/format.log" 2>&1 || fail "cannot format the storage of broker $1: $(grep -v "^\s*at " "$home/format.log" | tail -n 1)"
}

start() { # N
  local home=$dir/broker-$1 taken
  mkdir -p "$home"
  for taken in "$(client_port "$1")" $(($(client_port "$1") + 1)) $(($(client_port "$1") + 2)); do
    ! port_taken "$taken" || fail "port $taken, which broker $1 needs, is taken by another program"
  done
  properties "$1" >"$home/server.properties"
  format "$1"
  rm -f "$home/console.log" "$home/kafka.log"
  process_start "$home/pid" "$home/console.log" java -Xms128m -Xmx"${KAFKA_HEAP:-512m}" -XX:+UseG1GC -cp "$here:$jars/*" \
    -Dfreshet.log="$home/kafka.log" -Dfreshet.appender=file -Dfreshet.log.level=INFO kafka.Kafka "$home/server.properties"
}

ready() { # N
  local home=$dir/broker-$1 deadline=$((SECONDS + ready_seconds))
  until grep -q 'Kafka Server started' "$home/kafka.log" 2>/dev/null && port_taken "$(client_port "$1")"; do
    if ! process_running "$home/pid"; then
      say "broker $1 ended while starting; the last lines of $home/kafka.log:"
      cat "$home/console.log" "$home/kafka.log" 2>/dev/null | grep -v '^\s*at ' | tail -n 5 >&2
      rm -f "$home/pid"
      exit 1
    fi
    [ $SECONDS -lt $deadline ] || fail "broker $1 is not ready after $ready_seconds s, see $home/kafka.log"
    sleep 0.1
  done
}

[ "$secure" != 1 ] || certificate
started=()
for n in $(seq "$brokers"); do
  if process_running "$dir/broker-$n/pid"; then
    [ "$(cat "$dir/port")" = "$port" ] ||
      fail "the broker of $dir runs on port $(cat "$dir/port") and not $port; stop it first (down.sh $dir)"
  else
    say "starting broker $n"
    start "$n"
    started+=("$n")
  fi
done
echo "$port" >"$dir/port"
for n in $(seq "$brokers"); do ready "$n"; done
[ ${#started[@]} = 0 ] || say "ready on $bootstrap (pid $(for n in "${started[@]}"; do
  cut -d' ' -f1 "$dir/broker-$n/pid"; done | paste -sd' '))"
echo "$bootstrap"
