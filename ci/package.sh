#!/usr/bin/env bash
# Proves that the package is complete: what `cargo package` puts together builds by itself, and what is installed from
# it writes the same example server as the checkout does.
set -euo pipefail
cd "$(dirname "$0")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Tests live beside the package, not in it: cargo warns that it leaves them out.
cargo package --package cargo-hotreload --locked --allow-dirty --no-verify --quiet --target-dir "$scratch/package"
tar -xzf "$scratch/package/package/cargo-hotreload-$version.crate" -C "$scratch"
cargo install --path "$scratch/cargo-hotreload-$version" --locked --debug --quiet \
    --root "$scratch/root" --target-dir "$PWD/target/package"

cd "$scratch"
PATH="$scratch/root/bin:$PATH" cargo hotreload new server --path "$scratch/server"
test -f "$scratch/server/host/src/loader.rs"
echo "the package is complete"
