#!/usr/bin/env bash
# bench/run.sh [all|drain|latency|connect] : measures Freshet beside librdkafka's bare drain in one run, on this machine.
# Needs demo/kafka; builds bench_produce and bench_drain with the release settings. Figures go to stdout and build/bench/.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset release -DFRESHET_BENCH=ON >/dev/null
cmake --build build/release --target freshet bench_produce bench_drain >/dev/null
python=$(tools/venv.sh bench bench/requirements.txt)
exec "$python" bench/run.py "$@"
