#!/usr/bin/env bash
# Measures the tool on this machine and prints tables; takes minutes, asserts nothing about time. `ci/bench.sh scale`,
# `ci/bench.sh edits` and `ci/bench.sh idle` measure one thing only. `edits` takes half an hour and draws
# target/bench/edits.svg; `--rounds 3` makes it faster, `--directory DIR` keeps what was compiled for the next time.
# `ci/bench.sh soak` patches a server under load a thousand times, which takes as long; with `--strategy modules` it reloads
# one's modules five hundred times. It fails if anything goes wrong.
# `ci/bench.sh mutations` and `ci/bench.sh commits --repository DIR` let cargo judge what becomes of generated edits and
# of those of a repository's past; they take hours, `--seconds` and `--from` cut them into pieces, and a defect fails.
# `ci/bench.sh fuzz SECONDS` feeds damaged files to everything that reads what others write, for so long each; a crash fails.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = fuzz ]; then
    # With the checks of a debug build.
    FUZZ_SECONDS="${2:-60}" cargo test --locked --quiet --package cargo-hotreload --lib fuzz:: -- --nocapture
    exit
fi

cargo build --release --locked --quiet --package cargo-hotreload --package bench
target="${CARGO_TARGET_DIR:-target}"
bench() {
    local chart=()
    if [ "$1" = edits ]; then
        chart=(--chart "$target/bench/edits.svg")
    fi
    "$target/release/bench" "$1" --tool "$target/release/cargo-hotreload" "${chart[@]}" "${@:2}"
}

if [ $# -gt 0 ]; then
    bench "$@"
else
    bench scale
    echo
    bench edits
fi
