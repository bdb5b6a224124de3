#!/usr/bin/env bash
# demo/kafka/jars.sh   prints the folder with Kafka's jars, fetched once into the cache folder
# The version is the one in pom.xml, or KAFKA_VERSION. Two callers at once wait for each other.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=${KAFKA_VERSION:-$(sed -n 's|.*<kafka.version>\(.*\)</kafka.version>.*|\1|p' "$here/pom.xml")}
cache=${FRESHET_CACHE:-$HOME/.cache/freshet}/kafka
jars=$cache/$version-$(sha256sum <"$here/pom.xml" | cut -c1-12)
say() { echo "kafka: $*" >&2; }

if [ -f "$jars/complete" ]; then echo "$jars"; exit 0; fi
for program in java mvn; do
  command -v $program >/dev/null || { say "$program is missing: run 'tools/setup.sh demo'"; exit 1; }
done
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if [ -f "$jars/complete" ]; then echo "$jars"; exit 0; fi

work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
# The working folder is empty so that no project settings of the caller's are read; the local repository goes with it.
fetch() {
  (cd "$work" && mvn -q -B -f "$here/pom.xml" -Dkafka.version="$version" -Dmaven.repo.local="$work/repository" \
    dependency:copy-dependencies -DoutputDirectory="$work/jars" -DincludeScope=runtime)
}
say "fetching Apache Kafka $version (once)"
for try in 1 2 3; do
  if fetch >"$cache/fetch.log" 2>&1; then break; fi
  say "try $try of 3 did not work: $(grep -m 1 ERROR "$cache/fetch.log" || tail -n 1 "$cache/fetch.log")"
  [ $try != 3 ] || { say "cannot fetch Kafka; all of Maven's output is in $cache/fetch.log"; exit 1; }
  sleep $((try * 3))
done
touch "$work/jars/complete"
rm -rf "$jars"
mv "$work/jars" "$jars"
say "$(find "$jars" -name '*.jar' | wc -l) jars in $jars"
echo "$jars"
