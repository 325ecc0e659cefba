#!/usr/bin/env bash
# Makes the Debian package for this machine's Debian and architecture: target/debian/langdu_*.deb
#
#     packaging/build-deb.sh
#
# Needs the Rust toolchain and cargo-deb (cargo install cargo-deb --locked).
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --bin langdu
# What is in the program comes under licences that ask to be told.
python3 packaging/licences.py | gzip -9n >target/licences.txt.gz
cargo deb --no-build --quiet
ls -l target/debian/langdu_*.deb
