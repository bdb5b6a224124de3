#!/usr/bin/env bash
# Fetches, verifies and builds the pinned third-party artifacts of pins.txt.
#   third_party/fetch.sh           prints the prefix (include/, lib/, licences/) when everything is in place
# The result lives in ${FRESHET_CACHE:-~/.cache/freshet}/third_party/KEY, where KEY is the digest of pins.txt and this
# script, so a second clone, and every later build, finds it there at once and needs no network. Archives are kept under
# their digest; one that has another digest than its pin is refused.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${FRESHET_CACHE:-$HOME/.cache/freshet}
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
  (cd "$work" && rm -f ./*.tgz && npm pack --silent "$1@$2" >/dev/null && mv ./*.tgz "$3")
}
fetch_cargo() { # PACKAGE VERSION TARGET: a throw-away manifest, a private home, and the archive from its cache
  local dir=$work/cargo-$1
  mkdir -p "$dir/src" && touch "$dir/src/lib.rs"
  printf '[package]\nname="fetch"\nversion="0.0.0"\n[dependencies]\n%s={version="=%s",default-features=false}\n' \
    "$1" "$2" >"$dir/Cargo.toml"
  # The client's own settings (a proxy, a mirror) are kept; its cache and its tools' state are not touched.
  mkdir -p "$dir/home"
  cp "${CARGO_HOME:-$HOME/.cargo}"/config* "$dir/home/" 2>/dev/null || true
  (cd "$dir" && CARGO_HOME=$dir/home cargo fetch --quiet) || return 1
  mv "$(find "$dir/home/registry/cache" -name "$1-$2.crate")" "$3"
}

fetch() { # CLIENT PACKAGE VERSION TARGET: three tries
  command -v "$1" >/dev/null ||
    { say "$1 is missing, and $2 $3 comes with it: run 'make setup'"; return 1; }
  say "fetching $2 $3 ($1)"
  local try
  for try in 1 2 3; do
    if "fetch_$1" "$2" "$3" "$4" >"$work/$1.log" 2>&1; then return 0; fi
    say "try $try of 3 did not work: $(tail -n 1 "$work/$1.log")"
    [ "$try" = 3 ] || sleep $((try * 5))
  done
  say "cannot fetch $2 $3; an archive with the digest in pins.txt as its name in $cache/archives is taken too"
  return 1
}

archive() { # NAME -> path of the verified archive
  local client package version digest file
  client=$(pin "$1" 2) package=$(pin "$1" 3) version=$(pin "$1" 4) digest=$(pin "$1" 6)
  [ -n "$digest" ] || { say "$1 is not in pins.txt"; return 1; }
  file=$cache/archives/$digest
  if [ ! -f "$file" ]; then
    fetch "$client" "$package" "$version" "$work/fetched" || return 1
    mv "$work/fetched" "$file"
  fi
  if ! echo "$digest  $file" | sha256sum --check --status -; then
    say "the digest of $package $version is $(sha256sum <"$file" | cut -d' ' -f1)"
    say "and not the one in pins.txt; refusing it"
    rm -f "$file"
    return 1
  fi
  echo "$file"
}

unpack() { # NAME -> folder with the archive's files; their licences go to licences/NAME
  local dir=$work/$1 file
  file=$(archive "$1") || return 1
  mkdir -p "$dir" && tar -xzf "$file" -C "$dir" --strip-components=1 || return 1
  mkdir -p "$out/licences/$1"
  find "$dir" \( -name 'LICENSE*' -o -name 'NOTICE*' -o -name 'COPYING*' \) -type f \
    -exec cp {} "$out/licences/$1/" \;
  [ -n "$(ls "$out/licences/$1")" ] || { say "$1 has no licence file"; return 1; }
  echo "$dir"
}

out=$work/prefix
mkdir -p "$out/include" "$out/lib" "$out/licences"

dir=$(unpack duckdb)
cp "$dir/libduckdb.so" "$out/lib/"

dir=$(unpack duckdb-header)
if [ -f "$dir/duckdb.tar.gz" ]; then tar -xzf "$dir/duckdb.tar.gz" -C "$dir"; fi
cp "$(find "$dir" -path '*/include/duckdb.h' | head -1)" "$out/include/duckdb.h"

dir=$(unpack simdjson)
cp "$(find "$dir" -name simdjson.h | head -1)" "$out/include/simdjson.h"
cp "$(find "$dir" -name simdjson.cpp | head -1)" "$out/include/simdjson.cpp"

dir=$(unpack datasketches)
mkdir -p "$out/include/datasketches"
find "$dir" -path '*/include/*' \( -name '*.hpp' -o -name '*.h' \) -exec cp {} "$out/include/datasketches/" \;

dir=$(unpack librdkafka)/deps/librdkafka
say "building librdkafka (one to four minutes, once)"
(cd "$dir" && ./configure --prefix="$out" --disable-debug-symbols && make -j"$(nproc)" libs && make -C src install) \
  >"$cache/third_party/librdkafka.log" 2>&1 ||
  { say "librdkafka did not build, see $cache/third_party/librdkafka.log"; exit 1; }
rm -f "$out"/lib/librdkafka.so*

touch "$out/complete"
rm -rf "$prefix" && mv "$out" "$prefix"
say "ready in $prefix"
echo "$prefix"
