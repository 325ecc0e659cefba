#!/usr/bin/env bash
# Installs what the tests need and the machine lacks: Node.js with npm, Chromium, Firefox and PulseAudio, a Chinese
# font, the decoders of Opus and FLAC, espeak-ng, Python. With an argument, what certain of them need besides:
#   load    nginx and wrk
#   abuse   Python with venv, for tools/abuse and tools/clients
#   baker   the same, to make that voice
#   speak   speech-dispatcher, and the headers of the features `speechd` and `soundcard`, for `langdu speak`
# Debian and its relatives are served by apt-get; elsewhere it says what to install.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=() second=()
if [ "${1:-}" = load ]; then
  [ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || wanted+=(nginx-light)
  command -v wrk >/dev/null || wanted+=(wrk)
elif [ "${1:-}" = abuse ] || [ "${1:-}" = baker ]; then
  python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3 python3-venv)
elif [ "${1:-}" = speak ]; then
  for package in speech-dispatcher speech-dispatcher-audio-plugins speech-dispatcher-espeak-ng libspeechd-dev \
    libclang-dev libasound2-dev pkg-config; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted+=("$package")
  done
else
  command -v espeak-ng >/dev/null || wanted+=(espeak-ng)
  command -v node >/dev/null && command -v npm >/dev/null || wanted+=(nodejs npm)
  command -v chromium >/dev/null || wanted+=(chromium)
  command -v opusdec >/dev/null || wanted+=(opus-tools)
  command -v flac >/dev/null || wanted+=(flac)
  # Documents for the studio are written by Python.
  command -v python3 >/dev/null || wanted+=(python3)
  # A second browser, and a sound card for it, where the distribution has them under these names.
  command -v firefox-esr >/dev/null && command -v pulseaudio >/dev/null || second=(firefox-esr pulseaudio)
  fc-list :lang=zh 2>/dev/null | grep -q . || wanted+=(fonts-noto-cjk fontconfig)
fi

if [ ${#wanted[@]} -gt 0 ] || [ ${#second[@]} -gt 0 ]; then
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  if command -v apt-get >/dev/null; then
    "${as_root[@]}" apt-get update -q
    if [ ${#second[@]} -gt 0 ] && apt-cache show "${second[@]}" >/dev/null 2>&1; then
      wanted+=("${second[@]}")
    fi
  elif [ ${#wanted[@]} -gt 0 ]; then
    echo "please install: ${wanted[*]}" >&2
    exit 1
  fi
fi

if [ ${#wanted[@]} -gt 0 ]; then
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi

[ -n "${1:-}" ] || npm ci --no-audit --no-fund
