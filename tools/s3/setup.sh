#!/usr/bin/env bash
# The S3 server that tests/s3.rs starts: s3s-fs, into target/tools, once.
set -euo pipefail
cd "$(dirname "$0")/../.."
VERSION=0.14.1
server=target/tools/bin/s3s-fs
if [ -x "$server" ] && "$server" --version | grep -q " $VERSION\$"; then
  exit 0
fi
cargo install s3s-fs --version "$VERSION" --features binary --locked --root target/tools
