"""What the load tools share: the service on a free port, a notice spoken, a process measured."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# A load comes from one address: it is to reach what does the work.
UNLIMITED = os.environ | {"LANGDU_CLIENT_RATE": "0", "LANGDU_TOTAL_RATE": "0"}

# Short sentences and long ones: clips of every length.
NOTICE = """公告
今天停水。
关于六月份供水管网检修期间部分区域临时停水以及水压降低有关事项的通知
因供水主管网检修施工需要，定于六月三日早上八时起至晚上十时对城东片区实行临时停水，请广大居民提前做好储水准备。
"""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def fetch(address, body=None, headers=None, timeout=600):
    """Status, headers and body of an answer, whatever its status."""
    request = urllib.request.Request(address, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


# What was started is ended too when the tool is ended from outside.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Service:
    """`command` serving from the folder `data`, until the end of the `with`."""

    def __init__(self, command, data, options=()):
        self.log = Path(data) / "service.log"
        arguments = [*command, "serve", "--listen", "127.0.0.1:0", "--data", str(Path(data) / "var"), *options]
        self.process = subprocess.Popen(
            arguments, cwd=ROOT, env=UNLIMITED, stdout=subprocess.PIPE, stderr=self.log.open("wb"), text=True
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            sys.exit(f"the service does not start: {self.log.read_text()}")
        self.address = line.split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def submit(self, text):
        """The manifest of `text`."""
        headers = {"content-type": "text/plain; charset=utf-8"}
        status, _, body = fetch(f"{self.address}/v1/notices", text.encode(), headers)
        if status not in (200, 201):
            sys.exit(f"a notice was answered with {status}: {body.decode()}")
        return json.loads(body)

    def clips(self, text):
        """The clips of `text`, made: their addresses and bytes."""
        manifest = self.submit(text)
        urls = {clip["url"] for sentence in manifest["sentences"] for clip in sentence["clips"]}
        clips = {}
        for url in urls:
            status, _, body = fetch(self.address + url)
            if status != 200:
                sys.exit(f"a clip was answered with {status}: {body.decode()}")
            clips[url] = body
        # What is made ahead must not run beside what is measured.
        while json.loads(fetch(f"{self.address}/healthz")[2])["queued_notices"]:
            time.sleep(0.1)
        return clips

    def resident(self):
        """Resident memory in MB: now, and at its peak."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        figures = dict(line.split(":", 1) for line in lines)
        return tuple(int(figures[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def command_of(arguments):
    """The service to run: what was named, or the release build."""
    return arguments.command.split() if arguments.command else [os.fspath(ROOT / "target/release/langdu")]
