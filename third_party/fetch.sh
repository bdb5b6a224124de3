#!/usr/bin/env bash
# Fetches, verifies and builds the pinned third-party artifacts of pins.txt.
#   third_party/fetch.sh           prints the prefix (include/, lib/, licences/) when everything is in place
# The result lives in ${FRESHET_CACHE:-~/.cache/freshet}/third_party/KEY, where KEY is the digest of pins.txt and this
# script, so a second clone, and every later build, finds it there at once.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${FRESHET_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/freshet}
key=$(cat "$here/pins.txt" "$here/fetch.sh" | sha256sum | cut -c1-16)
prefix=$cache/third_party/$key
say() { echo "third_party: $*" >&2; }

mkdir -p "$cache/archives" "$cache/third_party"
exec 9>"$cache/third_party/lock"
flock 9 # two builds at once wait for each other instead of fetching twice
if [ -f "$prefix/complete" ]; then echo "$prefix"; exit 0; fi

work=$(mktemp -d "$cache/third_party/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

pin() { awk -v name="$1" '$1 == name { print $'"$2"' }' "$here/pins.txt"; }

fetch_npm() { # PACKAGE VERSION TARGET
  (cd "$work" && npm pack --silent "$1@$2" >/dev/null && mv ./*.tgz "$3")
}
fetch_cargo() { # PACKAGE VERSION TARGET: a throw-away manifest, a private home, and the archive from its cache
  local dir=$work/cargo-$1
  mkdir -p "$dir/src" && touch "$dir/src/lib.rs"
  printf '[package]\nname="fetch"\nversion="0.0.0"\n[dependencies]\n%s={version="=%s",default-features=false}\n' \
    "$1" "$2" >"$dir/Cargo.toml"
  (cd "$dir" && CARGO_HOME=$dir/home cargo fetch --quiet)
  mv "$(find "$dir/home/registry/cache" -name "$1-$2.crate")" "$3"
}

archive() { # NAME -> path of the verified archive
  local client package version digest file
  client=$(pin "$1" 2) package=$(pin "$1" 3) version=$(pin "$1" 4) digest=$(pin "$1" 6)
  file=$cache/archives/$digest
  if [ ! -f "$file" ]; then
    say "fetching $package $version ($client)"
    "fetch_$client" "$package" "$version" "$work/fetched"
    echo "$digest  $work/fetched" | sha256sum --check --quiet - >&2 ||
      { say "the digest of $package $version is not the one in pins.txt; refusing it"; exit 1; }
    mv "$work/fetched" "$file"
  fi
  echo "$file"
}

unpack() { # NAME -> folder with the archive's files
  local dir=$work/$1 file
  file=$(archive "$1")
  mkdir -p "$dir" && tar -xzf "$file" -C "$dir" --strip-components=1 && echo "$dir"
}

out=$work/prefix
mkdir -p "$out/include" "$out/lib" "$out/licences"

dir=$(unpack duckdb)
cp "$dir/libduckdb.so" "$out/lib/"
cp "$dir"/LICENSE* "$out/licences/duckdb" 2>/dev/null || true
dir=$(unpack duckdb-header)
if [ -f "$dir/duckdb.tar.gz" ]; then tar -xzf "$dir/duckdb.tar.gz" -C "$dir"; fi
cp "$(find "$dir" -path '*/include/duckdb.h' | head -1)" "$out/include/duckdb.h"

dir=$(unpack simdjson)
cp "$(find "$dir" -name simdjson.h | head -1)" "$out/include/simdjson.h"
cp "$(find "$dir" -name simdjson.cpp | head -1)" "$out/include/simdjson.cpp"

dir=$(unpack datasketches)
mkdir -p "$out/include/datasketches"
find "$dir" -path '*/include/*.hpp' -exec cp {} "$out/include/datasketches/" \;

dir=$(unpack librdkafka)/deps/librdkafka
say "building librdkafka (about four minutes on two cores, once)"
(cd "$dir" && { ./configure --prefix="$out" --disable-debug-symbols && make -j"$(nproc)" libs && make -C src install; } \
  >"$cache/third_party/librdkafka.log" 2>&1) ||
  { say "librdkafka did not build, see $cache/third_party/librdkafka.log"; exit 1; }
rm -f "$out"/lib/librdkafka.so*
cp "$dir/LICENSE" "$out/licences/librdkafka"

touch "$out/complete"
rm -rf "$prefix" && mv "$out" "$prefix"
say "ready in $prefix"
echo "$prefix"
