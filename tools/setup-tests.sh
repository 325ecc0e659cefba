#!/usr/bin/env bash
# Installs what the browser tests need and the machine lacks: Node.js with npm, Chromium, a Chinese font;
# the decoders of Opus and FLAC; with the argument `load` what the load tools need (nginx and wrk), with `abuse` what
# the tools of tools/abuse and tools/clients need (Python with venv).
# Debian and its relatives are served by apt-get; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=()
if [ "${1:-}" = load ]; then
  [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || wanted+=(nginx-light)
  command -v wrk >/dev/null || wanted+=(wrk)
elif [ "${1:-}" = abuse ]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3 python3-venv)
else
  command -v node >/dev/null && command -v npm >/dev/null || wanted+=(nodejs npm)
  command -v chromium >/dev/null || wanted+=(chromium)
  command -v opusdec >/dev/null || wanted+=(opus-tools)
  command -v flac >/dev/null || wanted+=(flac)
  fc-list :lang=zh 2>/dev/null | grep -q . || wanted+=(fonts-noto-cjk fontconfig)
fi

if [ ${#wanted[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "please install: ${wanted[*]}" >&2
    exit 1
  fi
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi

[ -n "${1:-}" ] || npm ci --no-audit --no-fund
