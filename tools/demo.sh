#!/usr/bin/env bash
# What `make run` starts: the service with everything there is to see. The demo notices are published, so that the kiosk
# has a list, and there is a key for the editor's page. Data, keys and lexicon lie in var/, which git ignores.
set -euo pipefail
cd "$(dirname "$0")/.."

listen=${1:-127.0.0.1:8080}
program=${DEMO_PROGRAM:-target/release/langdu}
folder=${DEMO_FOLDER:-var}
mkdir -p "$folder"
touch "$folder/demo.lexicon"
if [ ! -s "$folder/demo.key" ]; then
  rm -f "$folder/demo.keys"
  (umask 077 && "$program" keys --file "$folder/demo.keys" add --name demo --may publish,lexicon >"$folder/demo.key")
fi
key=$(cat "$folder/demo.key")

"$program" serve --listen "$listen" --data "$folder" --keys "$folder/demo.keys" --lexicon "$folder/demo.lexicon" &
service=$!
trap 'kill "$service" 2>/dev/null; wait "$service"; exit' INT TERM

date_of() { grep -o 'datetime="[^"]*"' "$1" | head -1 | cut -d'"' -f2; }

# Text as it stands in an address.
encoded() { printf %s "$1" | od -An -v -tx1 | tr -d '\n' | tr ' ' %; }

# Publishes one demo page under the name of its file: its article, with the date and the category it shows.
publish() {
  local page=$1 category
  category=$(grep -o '<li aria-current="page">[^<]*' "$page" | cut -d'>' -f2)
  sed -n '/<article/,/<\/article>/p' "$page" |
    curl -fsS -o /dev/null -T - -H "Authorization: Bearer $key" -H 'Content-Type: text/html; charset=utf-8' \
      "http://$listen/v1/published/$(basename "$page" .html)?date=$(date_of "$page")&category=$(encoded "$category")"
}

if command -v curl >/dev/null; then
  until curl -fs -o /dev/null "http://$listen/healthz"; do
    kill -0 "$service" 2>/dev/null || { wait "$service"; exit; }
    sleep 0.2
  done
  # Where another service has the port, ours has ended by now.
  sleep 0.5
  kill -0 "$service" 2>/dev/null || { wait "$service"; exit; }
  # The newest last: the list begins with what was published last.
  for page in web/demo/notices/*.html; do echo "$(date_of "$page") $page"; done | sort | while read -r _ page; do
    publish "$page" || echo "$page was not published" >&2
  done
fi
cat <<END

  示范页面  http://$listen/demo/
  自助机    http://$listen/kiosk/
  编辑台    http://$listen/studio/     密钥 $key

END
wait "$service"
