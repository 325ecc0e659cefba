#!/usr/bin/env python3
"""Cached clips while far more is asked for than the machine can speak.

  tools/load/overload.py                      the figures of docs/benchmarks.md
  tools/load/overload.py --seconds 10 --floor the short form, which fails when a bound is broken

wrk asks for a cached clip 800 times a second: before, during and after a flood of notices that were never
heard, each submitted and its first clip asked for, on --connections. Bounds: cached p99 under the flood within
3 times its idle value or 5 ms, whichever is more (--floor: 20 times or 100 ms, a machine may be shared); every
request answered, with 200, 201 or 503 and Retry-After; p99 back to that of idle 5 s after.

Needs wrk and a release build with its voice (or --command with another program that serves).
"""

import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

from service import NOTICE, ROOT, Service, command_of, fetch

DIGITS = "零一二三四五六七八九"
UNITS = {"us": 0.001, "ms": 1, "s": 1000}


class Flood:
    """Notices that were never heard, until it is told to stop."""

    def __init__(self, address, connections):
        self.address = address
        self.statuses = collections.Counter()
        self.slowest = collections.Counter()
        self.lost = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.submitted = 0
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(connections)]
        for thread in self.threads:
            thread.start()

    def run(self):
        while not self.stopping.is_set():
            with self.lock:
                self.submitted += 1
                number = self.submitted
            name = "".join(DIGITS[int(figure)] for figure in str(number))
            text = f"{name}号小区停水通知。今天停水检修，请居民提前储水，恢复供水的时间另行通知。"
            body = self.ask("submit", "/v1/notices", text.encode())
            if body:
                clip = json.loads(body)["sentences"][0]["clips"][0]
                self.ask("clip", clip["url"])

    def ask(self, what, path, body=None):
        """The body of an answer that is no refusal."""
        began = time.monotonic()
        try:
            headers = {"content-type": "text/plain"} if body else {}
            status, told, body = fetch(self.address + path, body, headers, timeout=600)
        except OSError as why:
            with self.lock:
                self.lost.append(f"{what}: {why}")
            return None
        took = time.monotonic() - began
        with self.lock:
            self.statuses[what, status] += 1
            self.slowest[what, status] = max(self.slowest[what, status], took)
            if status == 503 and "retry-after" not in told:
                self.lost.append(f"{what}: 503 without Retry-After")
            if status >= 500 and status != 503:
                self.lost.append(f"{what}: {status}")
        if status == 503:
            # As Retry-After asks for.
            self.stopping.wait(int(told["retry-after"]))
            return None
        return body if status < 300 else None

    def stop(self):
        """Asks for nothing more and waits for what was asked for; seconds that took."""
        self.stopping.set()
        began = time.monotonic()
        for thread in self.threads:
            thread.join()
        return time.monotonic() - began


def latency(url, seconds):
    """Requests a second; p50 and p99 in milliseconds."""
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "--latency", "-s", os.fspath(ROOT / "tools/load/paced.lua"), url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        sys.exit(said)
    figures = [re.search(rf"{part}%\s+([\d.]+)(us|ms|s)", said) for part in (50, 99)]
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    return rate, *(float(figure[1]) * UNITS[figure[2]] for figure in figures)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="of the flood")
    parser.add_argument("--connections", type=int, default=64, help="of the flood")
    parser.add_argument("--floor", action="store_true", help="fail when a bound is broken")
    parser.add_argument("--command", help="the program that serves; target/release/langdu unless given")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder, Service(command_of(arguments), folder) as service:
        url = service.address + next(iter(service.clips(NOTICE)))
        before = service.resident()
        quiet = max(3, arguments.seconds // 6)
        print("| cached clips | requests a second | p50 | p99 |\n|---|---|---|---|")

        def measured(when, seconds):
            rate, half, most = latency(url, seconds)
            print(f"| {when} | {rate:,.0f} | {half:.2f} ms | {most:.2f} ms |", flush=True)
            return most

        idle = measured("before", quiet)
        flood = Flood(service.address, arguments.connections)
        time.sleep(1)
        flooded = measured("under the flood", arguments.seconds)
        flood.stopping.set()
        time.sleep(5)
        after = measured("from 5 s after", quiet)
        waiting = flood.stop() + 5 + quiet
        now, peak = service.resident()

        print("\n| flood | answers | longest |\n|---|---|---|")
        for (what, status), count in sorted(flood.statuses.items()):
            print(f"| {what}, {status} | {count} | {flood.slowest[what, status]:.2f} s |")
        spoken = flood.statuses["clip", 200] / arguments.seconds
        print(f"\n{flood.submitted} notices submitted in {arguments.seconds} s; {spoken:.1f} clips a second spoken.")
        print(f"Requests not answered as promised: {len(flood.lost)} {flood.lost[:3]}. Waited {waiting:.1f} s for the last.")
        print(f"Resident memory: {before[0]:.0f} MB before, {now:.0f} MB after, {peak:.0f} MB at its peak.")

    factor, least = (20, 100) if arguments.floor else (3, 5)
    bound = max(factor * idle, least)
    broken = flood.lost or flooded > bound or after > bound
    if broken:
        print(f"a bound is broken: p99 may be {bound:.1f} ms")
    if broken and arguments.floor:
        sys.exit(1)


if __name__ == "__main__":
    main()
