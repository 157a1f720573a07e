#!/usr/bin/env bash
# Measures the tool on this machine and prints tables; takes minutes, asserts nothing. `ci/bench.sh scale` measures one
# thing only.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --quiet --package cargo-hotreload --package bench
target="${CARGO_TARGET_DIR:-target}/release"
bench() { "$target/bench" "$1" --tool "$target/cargo-hotreload" "${@:2}"; }

if [ $# -gt 0 ]; then
    bench "$@"
else
    bench scale
fi
