"""The part of schemathesis.sh that starts a service, has it tried, and looks what became of it."""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import blake3

ROOT = Path(__file__).resolve().parents[2]
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")

# A process may take so much more after any number of requests: caches are bounded, and full by then.
MOST_GROWTH_MB = 400
# One run tries so many cases of an operation; then the next seed comes.
CASES = 100

def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--mode", choices=["hum", "limits", "real"], required=True)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    return parser.parse_args()


def start(mode, build, folder):
    """A service at work in `folder`, with its data in `folder/data`, a lexicon and a key; process and address."""
    options = ["--listen", "127.0.0.1:0", "--data", "data", "--keys", "keys.toml", "--lexicon", "site.lexicon"]
    if mode == "real":
        command = [ROOT / build / "langdu", "serve", "--voices", ROOT / "voices"]
        options += ["--client-rate", "0", "--total-rate", "0"]
    else:
        command = [ROOT / build / "examples" / "hum"]
        # Cases are many and small: what is kept is bounded, so that growth is seen.
        options += ["--memory", str(16 << 20), "--planned", str(16 << 20), "--clip-disk", str(64 << 20)]
    if mode == "limits":
        options += ["--client-rate", "120", "--client-burst", "60", "--total-rate", "6000"]
    process = subprocess.Popen(
        [*map(str, command), *options], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    line = process.stdout.readline()
    if not line.startswith("listening on "):
        sys.exit(f"the service does not start; it said {line!r}")
    return process, line.split()[-1]


def key_in(folder):
    """A file of keys with one that is good for everything, and that key."""
    key = "langdu_" + os.urandom(32).hex()
    rights = '["publish", "lexicon", "speech"]'
    hashed = blake3.blake3(key.encode()).hexdigest()
    (folder / "keys.toml").write_text(f'[[key]]\nname = "fuzzer"\nmay = {rights}\nhash = "{hashed}"\n')
    return key


def submit(address, text):
    """Ids and clip addresses of a notice, for cases that are about something that is there."""
    request = urllib.request.Request(
        address + "/v1/notices", data=text.encode(), headers={"Content-Type": "text/plain; charset=utf-8"}
    )
    with urllib.request.urlopen(request) as answer:
        manifest = json.load(answer)
    return manifest["id"], [clip["key"] for sentence in manifest["sentences"] for clip in sentence["clips"]]


def answered(address):
    """How many answers the service has given; this one counts."""
    with urllib.request.urlopen(address + "/healthz") as answer:
        return int(answer.headers["X-Request-Id"])


def measured(process):
    """Megabytes in memory and open descriptors."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    descriptors = 0
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        # It may be closed by now. Clips in files in memory are bounded otherwise.
        with contextlib.suppress(FileNotFoundError):
            descriptors += "memfd:langdu-clip" not in os.readlink(link)
    return int(resident.split()[1]) / 1024, descriptors


def listing(folder):
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*")}


def attempt(address, key, seed, known, log):
    """One run of schemathesis; whether it found nothing."""
    command = [
        SCHEMATHESIS, "--config-file", ROOT / "tools/abuse/schemathesis.toml", "run", address + "/openapi.json",
        "--max-examples", CASES, "--seed", seed, "--workers", 2, "--continue-on-failure", "--no-color",
        "--generation-database", "none", "--suppress-health-check", "all", "--request-timeout", 60,
    ]
    if key:
        command += ["--header", f"Authorization: Bearer {key}"]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(ROOT / "tools/abuse"), "LANGDU_KNOWN": known}
    done = subprocess.run(list(map(str, command)), env=environment, cwd=log.parent, stdout=log.open("ab"), stderr=subprocess.STDOUT)
    return done.returncode == 0


def main():
    args = arguments()
    problems = []
    with tempfile.TemporaryDirectory() as around:
        folder = Path(around) / "work"
        folder.mkdir()
        key = key_in(folder)
        if args.mode == "limits":
            key = None  # who has one is not counted as a client
        process, address = start(args.mode, args.build, folder)
        log = ROOT / "target" / f"schemathesis-{args.mode}.log"
        log.write_bytes(b"")
        try:
            notice, clips = submit(address, "关于停水的通知\n今天停水。咨询电话：12345。")
            known = json.dumps({"notice": notice, "clips": clips})
            before, (resident, descriptors), began = listing(around), measured(process), time.monotonic()
            first, seed, most = answered(address), args.seed, resident
            while answered(address) - first < args.requests and process.poll() is None:
                if not attempt(address, key, seed, known, log):
                    problems.append(f"schemathesis found something with the seed {seed}: {log}")
                    break
                seed += 1
                most = max(most, measured(process)[0])
            count, seconds = answered(address) - first, time.monotonic() - began
            grown, left = measured(process)
            for clip in clips:
                with urllib.request.urlopen(f"{address}/v1/clips/{clip}.wav?notice={notice}") as answer:
                    assert answer.read(4) == b"RIFF"
            if most - resident > MOST_GROWTH_MB:
                problems.append("it has grown too much")
            if left > descriptors + 8:
                problems.append("descriptors are not given back")
            written = listing(around) - before
            elsewhere = [path for path in written if not path.startswith("work/data/") and path != "work/site.lexicon"]
            if elsewhere:
                problems.append(f"written outside the data folder: {elsewhere}")
            print(
                f"{args.mode}: {count} requests in {seconds:.0f} s, seeds {args.seed} to {seed - 1}; memory {resident:.0f} MB "
                f"before, {most:.0f} MB at most, {grown:.0f} MB after; descriptors {descriptors} before, {left} after; "
                f"{len(written)} files written, {len(elsewhere)} of them outside the data folder"
            )
            process.send_signal(signal.SIGTERM)
            if process.wait(timeout=15) != 0:
                problems.append("it does not end well")
        finally:
            process.kill()
    sys.exit("\n".join(problems) or None)


main()
