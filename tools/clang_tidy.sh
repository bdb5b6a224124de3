#!/usr/bin/env bash
# tools/clang_tidy.sh [--all]   clang-tidy over the sources that differ from the last commit (--all: over all)
# Its compile commands are those of build/fuzz, the build that clang itself can read.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "${1:-}" = --all ]; then files=$(git ls-files 'src/*.cc')
else files=$(git diff --name-only --diff-filter=d HEAD -- 'src/*.cc'); fi
[ -n "$files" ] || exit 0
command -v clang-tidy-16 >/dev/null || { echo "clang-tidy-16 is missing: make setup" >&2; exit 1; }
[ -f build/fuzz/compile_commands.json ] || tools/build.sh fuzz base
xargs -P "$(nproc)" -n 4 clang-tidy-16 -p build/fuzz --quiet <<<"$files" 2>/dev/null
