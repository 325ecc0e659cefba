#!/usr/bin/env bash
# The official `openai` package of PyPI, unchanged, against langdu with its voice, and with one that hums.
#
#   tools/clients/openai_test.sh        LANGDU and LANGDU_HUM name the programs (default: the debug builds)
#
# The package is installed into .clients; where Python has no venv, tools/setup-tests.sh brings it.
set -euo pipefail
cd "$(dirname "$0")/../.."

home=.clients
if [ ! -x "$home/bin/python" ]; then
  python3 -m venv "$home" 2>/dev/null || {
    rm -rf "$home"
    tools/setup-tests.sh abuse
    python3 -m venv "$home"
  }
fi
"$home/bin/python" -c 'import openai' 2>/dev/null || "$home/bin/pip" install -q 'openai>=2,<4'
exec "$home/bin/python" tools/clients/openai_test.py
