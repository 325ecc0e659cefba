#!/usr/bin/env python3
"""Cached clips beside nginx: requests a second for the same files, in the same minutes.

  tools/load/nginx.py                       the table of docs/benchmarks.md
  tools/load/nginx.py --seconds 1 --rounds 3 --floor 0.7     the short form

Both servers run all the time; wrk asks them in turn, round after round, because the speed of a shared
machine drifts. A ratio is the median of the ratios of each round. The time of a processor that a server spends on
a request drifts less, and says nothing of what it costs the client. With --floor it fails when a ratio
at 16 or more connections lies below.

Needs nginx, wrk and a release build (or --command with another program that serves).
"""

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from service import NOTICE, Service, command_of, fetch, free_port

SIZES = [30_000, 300_000]
RANGE = "Range: bytes=0-16383"

NGINX = """
{user}
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  etag on;
  keepalive_requests 1000000000;
  open_file_cache max=100 inactive=1h;
  types {{ audio/wav wav; }}
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port} reuseport backlog=4096;
    root {folder}/files;
{headers}
  }}
}}
"""

# What nginx says by itself.
OWN = {"content-length", "content-type", "date", "etag", "accept-ranges", "last-modified", "connection", "server"}


def other_formats(service, clips):
    """The same clips at lower rates, which are smaller, where they are served."""
    found = {}
    for url in clips:
        for extension in (".16k.wav", ".8k.wav"):
            other = url.replace(".wav", extension, 1)
            status, _, body = fetch(service.address + other)
            if status == 200:
                found[other] = body
    return found


def start_nginx(folder, files, headers):
    (folder / "files").mkdir()
    for name, body in files.items():
        (folder / "files" / name).write_bytes(body)
    added = [f'    add_header {name} "{value}" always;' for name, value in headers.items() if name.lower() not in OWN]
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    config = NGINX.format(user=user, folder=folder, port=port, headers="\n".join(added))
    (folder / "nginx.conf").write_text(config)
    process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-e", folder / "nginx.log", "-c", folder / "nginx.conf", "-p", folder])
    for _ in range(100):
        try:
            for name, body in files.items():
                assert fetch(f"http://127.0.0.1:{port}/{name}")[2] == body
            return process, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.05)
    sys.exit("nginx does not start: " + (folder / "nginx.log").read_text())


def spent(process):
    """Seconds of processor that a process and its children, which still run, have used."""
    pids = [process.pid, *map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())]
    ticks = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13] for pid in pids]
    return sum(int(tick) for pair in ticks for tick in pair) / os.sysconf("SC_CLK_TCK")


def ask(url, connections, seconds, ranged, process):
    """Requests a second; microseconds of processor that the server spent on one."""
    before = spent(process)
    threads = min(connections, 2)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s"]
    command += ["-H", RANGE] if ranged else []
    answer = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    for trouble in ("Non-2xx", "Socket errors"):
        if trouble in answer:
            sys.exit(f"{url}: {answer}")
    requests = int(re.search(r"(\d+) requests in", answer)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", answer)[1])
    return rate, (spent(process) - before) / requests * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", default="1,16,256")
    parser.add_argument("--floor", type=float, help="the lowest ratio at 16 connections or more")
    parser.add_argument("--command", help="the program that serves; target/release/langdu unless given")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder, Service(command_of(arguments), folder) as service:
        clips = service.clips(NOTICE)
        clips |= other_formats(service, clips)
        chosen = [min(clips, key=lambda url: abs(len(clips[url]) - size)) for size in SIZES]
        files = {f"{len(clips[url])}.wav": clips[url] for url in chosen}
        for url in chosen:
            # As it will be asked for, so that it is in memory.
            fetch(service.address + url)
        headers = fetch(service.address + chosen[0])[1]
        nginx, address = start_nginx(Path(folder), files, headers)
        try:
            servers = (service.address, service.process), (address, nginx)
            low = compare(arguments, servers, chosen, files)
        finally:
            nginx.terminate()
            nginx.wait()
    if arguments.floor and low < arguments.floor:
        sys.exit(f"the lowest ratio at 16 connections or more is {low:.2f}, the floor {arguments.floor}")


def compare(arguments, servers, chosen, files):
    """Prints the table; the lowest ratio where there are 16 connections or more."""
    low = float("inf")
    print(f"{arguments.rounds} rounds of {arguments.seconds} s. Requests a second: median; ratio: median (lowest to highest);")
    print("processor of the server for a request: median\n")
    print("| file | connections | langdu | nginx | ratio | processor, langdu | nginx |")
    print("|---|---|---|---|---|---|---|")
    for url, name in zip(chosen, files):
        for ranged in (False, True):
            for connections in map(int, arguments.connections.split(",")):
                rounds = []
                for turn in range(arguments.rounds):
                    paths = url, f"/{name}"
                    # Who goes first changes: what the one leaves behind must not always meet the other.
                    order = (0, 1) if turn % 2 == 0 else (1, 0)
                    found = {}
                    for who in order:
                        address, process = servers[who]
                        found[who] = ask(address + paths[who], connections, arguments.seconds, ranged, process)
                    rounds.append((found[0], found[1]))
                ratios = sorted(us[0] / them[0] for us, them in rounds)
                ratio = statistics.median(ratios)
                if connections >= 16:
                    low = min(low, ratio)
                rates = [statistics.median(pair[who][0] for pair in rounds) for who in (0, 1)]
                costs = [statistics.median(pair[who][1] for pair in rounds) for who in (0, 1)]
                what = f"{len(files[name]) / 1000:.0f} kB" + (", range of 16 KiB" if ranged else "")
                spread = f"{ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
                figures = f"{rates[0]:,.0f} | {rates[1]:,.0f} | {spread} | {costs[0]:.0f} µs | {costs[1]:.0f} µs"
                print(f"| {what} | {connections} | {figures} |", flush=True)
    return low


if __name__ == "__main__":
    main()
