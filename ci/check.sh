#!/usr/bin/env bash
# Everything that has to hold before a change lands. Hosted CI and `.ci/run` call only this.
#
# It installs what it needs: cargo-deny, and chromium where apt-get may do that. The two toolchains (stable and nightly),
# a C compiler with its binutils, and gdb have to be there.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n=== %s\n' "$*"; }

step "toolchains"
rustc --version
rustup run nightly rustc --version

step "format"
cargo fmt --all --check
rustfmt --edition 2024 --check cargo-hotreload/agent/agent.rs

step "clippy"
cargo clippy --workspace --all-targets --locked -- --deny warnings

step "documentation"
RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items --locked

step "dependencies"
if ! cargo deny --version 2>/dev/null; then
    # A debug build of it is good enough here and takes a third of the time.
    cargo install cargo-deny --locked --debug --quiet
fi
cargo deny --locked check bans licenses sources
if cargo deny fetch db >/dev/null 2>&1; then
    cargo deny --locked check advisories
else
    echo "SKIPPED: advisories, because the advisory database cannot be fetched from here"
fi

step "package"
ci/package.sh

step "tests of the benchmark"
cargo test --locked --quiet --package bench

step "browser"
# The test of the report looks at a page; without a browser it says that it is skipped.
if ! command -v chromium && ! { [ "$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; }; then
    echo "no chromium, and apt-get cannot install it here"
fi

# The README's test command.
step "tests"
cargo test
