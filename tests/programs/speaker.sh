#!/bin/sh
# A program that speaks, well or as badly as it is told: $1 how, $2 a folder of its own, $3 the file to write, if any.
# A word of its text takes a tenth of a second.
how=$1 own=$2 out=$3

# A header that promises sound without end, then $1 words of a square wave of 200 Hz at 24 kHz.
speak() { head -c $((44 + $1 * 4800)) "$own/sound.wav"; }
words() { set -- $(cat); echo $#; }

case $how in
well) speak "$(words)" ;;
file) speak "$(words)" >"$out" ;;
echo) cat >"$own/heard"; speak 5 ;;
environment) env >"$own/environment"; speak "$(words)" ;;
garbage) cat >/dev/null; head -c 100000 /dev/urandom ;;
words) cat; echo "is what I was told" ;;
nothing) cat >/dev/null ;;
header) head -c 44 "$own/sound.wav" ;;
much) cat "$own/sound.wav"; exec cat /dev/zero ;;
large) exec cat /dev/zero >"$out" ;;
missing) cat >/dev/null ;;
pipe) mkfifo "$out" ;;
short) cat "$own/short.wav" ;;
stereo) cat "$own/stereo.wav" ;;
bytes) cat "$own/bytes.wav" ;;
rate) cat "$own/rate.wav" ;;
hangs) exec sleep 1000 ;;
lingers) speak "$(words)"; exec >&- 2>&-; exec sleep 1000 ;;
crashes) kill -SEGV $$ ;;
fails) echo "I cannot say $(cat), sorry" >&2; speak 5; exit 3 ;;
grumbles) while :; do echo complaint; done | head -c 1000000 >&2; speak "$(words)" ;;
deaf) exec <&-; speak 5 ;;
leaves) sleep 1000 & echo $! >>"$own/left"; speak "$(words)" ;;
escapes) setsid sh -c 'echo $$ >>"$1/left"; exec sleep 1000' - "$own" & speak "$(words)" ;;
# Of sixteen texts four crash and one hangs at the first try, and none at the second.
sometimes)
  text=$(cat)
  set -- $text
  if mkdir "$own/$(printf %s "$text" | md5sum | cut -c 1-32)" 2>/dev/null; then
    case $(printf %s "$text" | md5sum) in
    [0-3]*) kill -KILL $$ ;;
    4*) exec sleep 1000 ;;
    esac
  fi
  speak $#
  ;;
# What it does not manage at the first try it does not manage at all.
never)
  text=$(cat)
  set -- $text
  case $(printf %s "$text" | md5sum) in
  [0-3]*) kill -KILL $$ ;;
  esac
  speak $#
  ;;
esac
