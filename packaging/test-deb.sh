#!/usr/bin/env bash
# Installs the package in a fresh Debian, runs it as its user, and has a notice read.
#
#     sudo packaging/test-deb.sh target/debian/langdu_*.deb [BASE]
#
# Needs root, debootstrap, curl, python3, and the package mirror. BASE is a minimal Debian that is copied; it is made where
# it is missing. Prints what it measured; the last line is "the package works".
set -euo pipefail
deb=$(realpath "$1")
base=${2:-}
release=bookworm
mirror=${MIRROR:-http://deb.debian.org/debian}
work=$(mktemp -d /tmp/langdu-root.XXXXXX)
root=$work/root
service=
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

tidy() {
    [ -z "$service" ] || kill -KILL "$service" 2>/dev/null || true
    ! mountpoint -q "$root/proc" || umount "$root/proc"
    rm -rf "$work"
}
trap tidy EXIT
die() { printf 'failed: %s\n' "$*" >&2; exit 1; }
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
# With all capabilities gone, as the unit has it. Each of these becomes the next: the number of the process stays.
as_service=(
    chroot "$root" env -i PATH=/usr/bin:/bin "LANGDU_LISTEN=127.0.0.1:$port"
    setpriv --reuid=langdu --regid=langdu --clear-groups --no-new-privs --bounding-set=-all
)

if [ -n "$base" ] && [ -d "$base" ]; then
    cp -a "$base" "$root"
else
    debootstrap --variant=minbase "$release" "$root" "$mirror" >"$work/debootstrap.log" || die "$(tail -3 "$work/debootstrap.log")"
    [ -z "$base" ] || cp -a "$root" "$base"
fi
mount -t proc proc "$root/proc"
cp "$deb" "$root/tmp/langdu.deb"
before=$(du -sk --exclude=proc "$root" | cut -f1)

inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends /tmp/langdu.deb >"$work/apt.log" 2>&1 || die "$(tail -20 "$work/apt.log")"
inside apt-get clean
installed=$(inside dpkg-query -W -f '${Installed-Size}' langdu)
printf 'package            %s bytes\n' "$(stat -c %s "$deb")"
printf 'installed          %s KiB (dpkg), the root grew by %s KiB\n' "$installed" "$(($(du -sk --exclude=proc "$root" | cut -f1) - before))"
printf 'program            %s bytes\n' "$(stat -c %s "$root/usr/bin/langdu")"
inside test -f /lib/systemd/system/langdu.service || inside test -f /usr/lib/systemd/system/langdu.service || die "no unit"
inside test -s /usr/share/doc/langdu/copyright || die "no copyright"
inside test -s /usr/share/doc/langdu/licences.txt.gz || die "no licences"
[ "$(stat -c '%a %U %G' "$root/etc/langdu/keys.toml" | cut -d' ' -f1)" = 640 ] || die "everybody can read the keys"

"${as_service[@]}" langdu config check || die "the configuration is not in order"
inside langdu keys add --name cms --may publish >"$work/key" 2>"$work/said" || die "$(cat "$work/said")"
"${as_service[@]}" langdu keys list | grep -q '^cms' || die "the service cannot read the keys that root hands out"

started=$(date +%s%N)
"${as_service[@]}" langdu serve >"$work/out" 2>"$work/log" &
service=$!
until curl -fsS -o "$work/health" "http://127.0.0.1:$port/healthz" 2>/dev/null; do
    kill -0 "$service" 2>/dev/null || die "it ended: $(cat "$work/log")"
    [ $(($(date +%s%N) - started)) -lt 60000000000 ] || die "no answer in a minute"
    sleep 0.01
done
# The processor time tells more than the clock where the machine has other work.
spent() { awk -v tick="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print int(($12 + $13) * 1000 / tick) }' "/proc/$service/stat"; }
printf 'answers after      %s ms, %s ms of processor\n' "$((($(date +%s%N) - started) / 1000000))" "$(spent)"
grep -q '"status":"ok"' "$work/health" || die "$(cat "$work/health")"

resident() { awk '/^VmRSS|^VmHWM/ { printf "%s %s kB  ", $1, $2 }' "/proc/$service/status"; }
until grep -q 'the voices are ready' "$work/log"; do sleep 0.05; done
printf 'voices ready after %s ms, %s ms of processor\n' "$((($(date +%s%N) - started) / 1000000))" "$(spent)"
printf 'memory, idle       %s\n' "$(resident)"

curl -fsS -H 'Content-Type: text/plain; charset=utf-8' --data-binary '关于停水的通知：明天9时至17时，城东片区停水，请提前储水。' \
    -o "$work/notice" "http://127.0.0.1:$port/v1/notices" || die "the notice was refused"
url=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["sentences"][0]["clips"][0]["url"])' "$work/notice")
asked=$(date +%s%N)
curl -fsS -o "$work/clip.wav" "http://127.0.0.1:$port$url" || die "no clip"
printf 'first clip after   %s ms\n' "$((($(date +%s%N) - asked) / 1000000))"
python3 - "$work/clip.wav" <<'PYTHON'
import array, sys, wave
with wave.open(sys.argv[1]) as clip:
    samples = array.array("h", clip.readframes(clip.getnframes()))
    loud = (sum(s * s for s in samples) / len(samples)) ** 0.5
    print(f"the clip has       {len(samples) / clip.getframerate():.2f} s of sound, root mean square {loud:.0f}")
    assert len(samples) > clip.getframerate() // 5 and loud > 300, "no sound"
PYTHON
printf 'memory, after      %s\n' "$(resident)"
[ "$(stat -c %u "/proc/$service")" = "$(awk -F: '$1 == "langdu" { print $3 }' "$root/etc/passwd")" ] || die "it runs as somebody else"

kill -TERM "$service"
wait "$service" || die "it did not end well: $?"
service=
! grep -E 'ERROR|panicked' "$work/log" || die "the log has errors"
find "$root" -xdev -newer "$work/said" -type f -not -path "$root/var/lib/langdu/*" -not -path "$root/proc/*" >"$work/strays"
[ ! -s "$work/strays" ] || die "it wrote elsewhere: $(cat "$work/strays")"

# What the operator edited stays over an upgrade, and everything goes with a purge.
echo '# ours' >>"$root/etc/langdu/langdu.toml"
inside dpkg --force-confold -i /tmp/langdu.deb >"$work/apt.log" 2>&1 || die "$(tail -20 "$work/apt.log")"
grep -q '^# ours' "$root/etc/langdu/langdu.toml" || die "the upgrade overwrote the configuration"
inside langdu keys list | grep -q '^cms' || die "the upgrade lost the keys"
inside apt-get purge -y -qq langdu >"$work/apt.log" 2>&1 || die "$(tail -20 "$work/apt.log")"
for left in /etc/langdu /var/lib/langdu /usr/share/langdu /usr/bin/langdu; do
    [ ! -e "$root$left" ] || die "$left is left behind"
done
echo "the package works"
