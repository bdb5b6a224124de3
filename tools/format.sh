#!/usr/bin/env bash
# tools/format.sh [--check] [--all]   clang-format over the C++ files that differ from the last commit (--all: over all)
# --check changes nothing and fails when a file is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i) all=0
for argument in "$@"; do
  case $argument in
    --check) mode=(--dry-run --Werror) ;;
    --all) all=1 ;;
    *) echo "usage: tools/format.sh [--check] [--all]" >&2; exit 2 ;;
  esac
done
if [ $all = 1 ]; then files=$(git ls-files 'src/*.h' 'src/*.cc' 'bench/*.h' 'bench/*.cc')
else files=$(git diff --name-only --diff-filter=d HEAD -- '*.h' '*.cc'); fi
[ -n "$files" ] || exit 0
formatter=$(command -v clang-format-16) || { echo "clang-format-16 is missing: make setup" >&2; exit 1; }
xargs "$formatter" "${mode[@]}" <<<"$files"
