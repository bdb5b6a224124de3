#!/usr/bin/env bash
# demo/kafka/tool.sh NAME ARGUMENTS...   one of Kafka's own tools, without its distribution
#   tool.sh topics --bootstrap-server 127.0.0.1:9092 --create --topic t --partitions 8
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
declare -A class=(
  [topics]=org.apache.kafka.tools.TopicCommand
  [configs]=kafka.admin.ConfigCommand
  [groups]=org.apache.kafka.tools.consumer.group.ConsumerGroupCommand
  [offsets]=org.apache.kafka.tools.GetOffsetShell
  [produce]=org.apache.kafka.tools.ConsoleProducer
  [consume]=org.apache.kafka.tools.consumer.ConsoleConsumer
  [delete-records]=org.apache.kafka.tools.DeleteRecordsCommand
  [reassign]=org.apache.kafka.tools.reassign.ReassignPartitionsCommand
  [leader-election]=org.apache.kafka.tools.LeaderElectionCommand
  [log-dirs]=org.apache.kafka.tools.LogDirsCommand
  [dump-log]=org.apache.kafka.tools.DumpLogSegments
  [storage]=kafka.tools.StorageTool
  [produce-test]=org.apache.kafka.tools.ProducerPerformance
  [consume-test]=org.apache.kafka.tools.ConsumerPerformance
)
name=${1:-} names=$(printf '%s\n' "${!class[@]}" | sort | paste -sd' ')
[ -n "$name" ] || { echo "usage: tool.sh NAME ARGUMENTS...; names: $names" >&2; exit 2; }
[ -n "${class[$name]:-}" ] || { echo "kafka: no tool is called $name; there are: $names" >&2; exit 2; }
shift
exec java -Xmx"${KAFKA_HEAP:-256m}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$here:$("$here/jars.sh")/*" \
  "${class[$name]}" "$@"
