#!/usr/bin/env python3
"""Hours of mixed traffic against one service: does anything grow that should not, is anything wrong?

    tools/load/soak.py --minutes 60                 langdu serve with its voice (make build)
    tools/load/soak.py --minutes 60 --hum           the humming service (cargo build --release --example hum)
    tools/load/soak.py --minutes 2 --hum            the short form

1. Readers submit notices (some long), ask for clips in all formats, parts, manifests and events, go away in the
   middle, cancel, and send what is no request.
2. Every ten seconds memory, descriptors, threads, disk and waiting times go into a table (--out).
3. The verdict: memory and descriptors flat over the second half, disk under its bound, no answer 5xx but 503,
   nothing hung, and every clip the same bytes as when it was first heard. Exit status 1 if not.
"""

import argparse
import hashlib
import http.client
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMATS = ["wav", "16k.wav", "8k.wav", "alaw", "ulaw", "opus"]
RANGES = ["bytes=0-99", "bytes=1000-1999", "bytes=-500"]
PATIENCE = 60  # seconds; an answer that takes longer counts as hung
REMEMBERED = 2000  # notices that readers come back to, and files whose first bytes are remembered
MIB = 1 << 20


def main():
    args = arguments()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(args, folder)
        try:
            good = soak(args, service, folder)
        finally:
            service.process.kill()
            service.process.wait()
    sys.exit(0 if good else 1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--hum", action="store_true", help="the humming service instead of the voice")
    parser.add_argument("--program", help="another program than that of target/release")
    parser.add_argument("--option", action="append", default=[], help="an option of the service: --option=--threads=1")
    parser.add_argument("--disk", type=int, default=64, help="bound of the clips on disk in MiB, where it can be set")
    parser.add_argument("--memory", type=int, default=32, help="bound of the clips in memory in MiB, where it can be set")
    parser.add_argument("--resident", type=int, default=1200, help="MiB of resident memory there may ever be")
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--pace", type=float, default=0.2, help="seconds between the requests of a reader, on average")
    parser.add_argument("--sample", type=float, default=10, help="seconds between samples")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", default="soak.tsv")
    return parser.parse_args()


# All of it comes from one address: it is to reach what does the work.
UNLIMITED = {"LANGDU_CLIENT_RATE": "0", "LANGDU_TOTAL_RATE": "0"}


class Service:
    """The process of the service, and what the system tells of it."""

    def __init__(self, args, folder):
        name = "examples/hum" if args.hum else "langdu"
        program = [args.program or str(ROOT / "target/release" / name)]
        if not args.hum:
            program.append("serve")
        helps = subprocess.run([*program, "--help"], capture_output=True, text=True, check=True).stdout
        # Bounds are set where this version has them.
        bounds = {"--clip-disk": args.disk, "--clip-memory": args.memory, "--memory": args.memory}
        self.bounded_disk = "--clip-disk " in helps
        for option, mebibytes in bounds.items():
            if f"{option} " in helps:
                program += [option, str(mebibytes * MIB)]
        program += ["--listen", "127.0.0.1:0", "--data", folder, *args.option]
        print("running", " ".join(program), flush=True)
        self.process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT,
                                        env={"RUST_LOG": "warn", **os.environ, **UNLIMITED},
                                        stderr=open(args.out + ".log", "w"))
        said = self.process.stdout.readline()
        found = re.search(r"http://([^:]+):(\d+)", said)
        if not found:
            sys.exit(f"the service did not start; it said {said!r}, see {args.out}.log")
        self.address = (found[1], int(found[2]))

    def ask(self, method, path, body=None, headers={}):
        """Status, headers and the whole body; a connection of its own each time."""
        wire = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            wire.request(method, path, body, headers)
            answer = wire.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            wire.close()

    def leave(self, sent, read):
        """Sends, reads so many bytes, goes away."""
        with socket.create_connection(self.address, timeout=PATIENCE) as wire:
            wire.sendall(sent)
            while read > 0 and (got := wire.recv(read)):
                read -= len(got)

    def resident(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        number = lambda name: int(re.search(rf"{name}:\s+(\d+)", status)[1])
        return number("VmRSS") * 1024, number("Threads")

    def open_things(self):
        """Descriptors and threads."""
        return self.descriptors()[0], self.resident()[1]

    def descriptors(self):
        """How many are open, and of them files in memory (clips that the system sends by itself)."""
        links = []
        for name in os.listdir(f"/proc/{self.process.pid}/fd"):
            try:
                links.append(os.readlink(f"/proc/{self.process.pid}/fd/{name}"))
            except OSError:
                pass
        in_memory = sum("memfd:langdu-clip" in link for link in links)
        return len(links) - in_memory, in_memory


class Course:
    """What all readers know and count together."""

    def __init__(self):
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.notices = []  # id and addresses of clips
        self.heard = {}  # address of a file → digest of what was first heard
        self.statuses = {}  # status → how often
        self.cached = []  # seconds of the clips that were heard before
        self.wrong = []
        self.cancel = self.events = None  # address after that of the notice, where there is such a thing

    def odd(self, what):
        with self.lock:
            if len(self.wrong) < 50:
                self.wrong.append(what)
                print("WRONG", what, flush=True)


class Reader(threading.Thread):
    """One who reads, submits, goes away, at random."""

    def __init__(self, number, args, service, course):
        super().__init__(daemon=True)
        self.random = random.Random(args.seed * 1000 + number)
        self.pace, self.service, self.course = args.pace, service, course

    def run(self):
        does = {self.submit: 8, self.long: 0.1, self.again: 4, self.clip: 50, self.part: 10, self.manifest: 6,
                self.follow: 3, self.cancel: 3, self.depart: 6, self.nonsense: 5, self.spoken: 3, self.whole: 2}
        while not self.course.over.wait(self.random.expovariate(1 / self.pace)):
            what = self.random.choices(list(does), does.values())[0]
            began = time.monotonic()
            try:
                what()
            except Exception as why:  # whatever it is, it is told
                took = time.monotonic() - began
                self.course.odd(f"{what.__name__}: {type(why).__name__} {why} after {took:.1f} s")

    def ask(self, *request, **more):
        status, headers, body = self.service.ask(*request, **more)
        with self.course.lock:
            self.course.statuses[status] = self.course.statuses.get(status, 0) + 1
        if status >= 500 and status != 503:
            self.course.odd(f"{status} for {request[:2]}: {body[:300]}")
        if status == 503 and "retry-after" not in headers:
            self.course.odd(f"503 without Retry-After for {request[:2]}")
        return status, headers, body

    def post(self, text):
        status, _, body = self.ask("POST", "/v1/notices", text.encode(), {"content-type": "text/plain; charset=utf-8"})
        if status in (200, 201):
            manifest = json.loads(body)
            urls = [clip["url"] for sentence in manifest["sentences"] for clip in sentence["clips"]]
            with self.course.lock:
                self.course.notices.append((manifest["id"], urls))
                del self.course.notices[:-REMEMBERED]
        elif status != 503:
            self.course.odd(f"{status} for a notice: {body[:300]}")

    def notice(self):
        with self.course.lock:
            # Most come for the newest.
            known = self.course.notices[-20:] if self.random.random() < 0.7 else self.course.notices
            return self.random.choice(known) if known else (None, [])

    def submit(self):
        self.post(invent(self.random, self.random.randint(1, 5)))

    def long(self):
        self.post(invent(self.random, 800))

    def again(self):
        self.post("关于停水的通知\n今天停水。\n请提前储水。\n")

    def file(self):
        _, urls = self.notice()
        if not urls:
            return None
        # A long notice is heard from its beginning.
        url = self.random.choice(urls[:12])
        return url.replace(".wav", "." + self.random.choice(FORMATS), 1)

    def clip(self):
        url = self.file()
        if not url:
            return
        began = time.monotonic()
        status, headers, body = self.ask("GET", url)
        took = time.monotonic() - began
        if status != 200:
            if status not in (400, 404, 503) or (status == 404 and ".wav?" in url and "k.wav?" not in url):
                self.course.odd(f"{status} for {url}: {body[:200]}")
            return
        if headers["content-length"] is None or int(headers["content-length"]) != len(body):
            self.course.odd(f"{url}: {len(body)} bytes of {headers['content-length']}")
        # Another voice may have spoken for the one that was asked for: its file has a name of its own.
        name = headers["content-location"] or url.split("?")[0]
        digest = hashlib.blake2b(body, digest_size=16).digest()
        with self.course.lock:
            first = self.course.heard.get(name)
            if first is not None:
                self.course.cached.append(took)
            elif len(self.course.heard) < REMEMBERED:
                self.course.heard[name] = digest
        if first not in (None, digest):
            self.course.odd(f"{name} is not what it was")

    def part(self):
        url = self.file()
        if url:
            status, _, body = self.ask("GET", url, headers={"range": self.random.choice(RANGES)})
            if status == 206 and len(body) > 1000:
                self.course.odd(f"{url}: a part of {len(body)} bytes")

    def manifest(self):
        notice, _ = self.notice()
        if notice:
            status, _, _ = self.ask("GET", f"/v1/notices/{notice}")
            if status not in (200, 503):
                self.course.odd(f"{status} for the notice {notice}")

    def follow(self):
        notice, _ = self.notice()
        if notice and self.course.events:
            self.service.leave(request("GET", f"/v1/notices/{notice}{self.course.events}"), 500)

    def cancel(self):
        notice, _ = self.notice()
        if notice and self.course.cancel:
            status, _, body = self.ask("DELETE", f"/v1/notices/{notice}{self.course.cancel}")
            if status not in (200, 204, 503):
                self.course.odd(f"{status} for a cancel: {body[:200]}")

    def depart(self):
        url = self.file()
        if url:
            self.service.leave(request("GET", url), self.random.choice([0, 0, 200]))

    def whole(self):
        notice, urls = self.notice()
        if notice and len(urls) < 20:
            self.service.leave(request("GET", f"/v1/notices/{notice}/audio.wav"), self.random.choice([0, 50_000]))

    def spoken(self):
        self.ask("POST", "/v1/spoken", invent(self.random, 2).encode(), {"content-type": "text/plain; charset=utf-8"})

    def nonsense(self):
        self.random.choice([
            lambda: self.refused("GET", "/v1/clips/../../etc/passwd"),
            lambda: self.refused("GET", "/v1/clips/" + "0" * 64 + ".wav"),
            lambda: self.refused("GET", "/v1/notices/" + "0" * 32),
            lambda: self.refused("POST", "/v1/notices", b"{", {"content-type": "application/json"}),
            lambda: self.refused("POST", "/v1/notices", b"\xff\xfe", {"content-type": "text/plain"}),
            lambda: self.refused("POST", "/v1/notices", b"x" * MIB, {"content-type": "text/plain"}),
            lambda: self.refused("PATCH", "/healthz"),
            lambda: self.service.leave(b"\x16\x03\x01 no HTTP\r\n\r\n", 20),
            lambda: self.service.leave(b"GET / HTT", 0),
            lambda: self.service.leave(b"POST /v1/notices HTTP/1.1\r\nhost: x\r\ncontent-length: 999\r\n\r\nhalf", 0),
        ])()

    def refused(self, *asked):
        try:
            status, _, _ = self.ask(*asked)
        except (BrokenPipeError, ConnectionResetError):
            return  # refused before all of it was sent
        if not (400 <= status < 500 or status == 503):
            self.course.odd(f"{status} for {asked[:2]}")


def request(method, path):
    return f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()


def invent(chance, sentences):
    """A notice that is hardly ever the same twice."""
    place = chance.choice("东西南北中") + chance.choice("山河湖海江") + chance.choice("村镇街路桥")
    what = chance.choice("水电气暖路")
    forms = [
        lambda: f"{chance.randint(1, 12)}月{chance.randint(1, 28)}日停{what}。\n",
        lambda: f"咨询电话：0475-82{chance.randint(0, 99999):05}。\n",
        lambda: f"涉及居民{chance.randint(1, 999)}户，请提前准备。\n",
        lambda: "由此带来的不便，敬请谅解。\n",
    ]
    return f"关于{place}停{what}的通知\n" + "".join(chance.choice(forms)() for _ in range(sentences))


def soak(args, service, folder):
    course = Course()
    paths = json.loads(service.ask("GET", "/openapi.json")[2])["paths"]
    for path, methods in paths.items():
        if path.startswith("/v1/notices/{id}"):
            rest = path.removeprefix("/v1/notices/{id}")
            course.cancel = rest if "delete" in methods else course.cancel
            course.events = rest if rest == "/events" else course.events
    print("cancel:", course.cancel, " events:", course.events, flush=True)
    service.ask("POST", "/v1/notices", "今天停水。".encode(), {"content-type": "text/plain; charset=utf-8"})
    before = service.open_things()
    readers = [Reader(number, args, service, course) for number in range(args.readers)]
    for reader in readers:
        reader.start()

    samples, began = [], time.monotonic()
    with open(args.out, "w") as out:
        print("seconds", "resident_mib", "descriptors", "threads", "disk_mib", "cached_p50_ms", "cached_p99_ms",
              "answers", sep="\t", file=out)
        while (at := time.monotonic() - began) < args.minutes * 60 and service.process.poll() is None:
            time.sleep(args.sample)
            samples.append(sample(at + args.sample, service, folder, course))
            print(*[f"{value:.1f}" if isinstance(value, float) else value for value in samples[-1]],
                  json.dumps(course.statuses), sep="\t", file=out, flush=True)
    course.over.set()
    for reader in readers:
        reader.join(PATIENCE + 5)
        if reader.is_alive():
            course.odd("a request hung")
    return verdict(args, service, course, samples, before)


def sample(at, service, folder, course):
    resident, threads = service.resident()
    with course.lock:
        took, course.cached = sorted(course.cached), []
    quantile = lambda part: took[min(int(len(took) * part), len(took) - 1)] * 1000 if took else 0.0
    return (at, resident / MIB, service.descriptors()[0], threads, disk(folder) / MIB, quantile(0.5), quantile(0.99))


def disk(folder):
    total = 0
    for path, _, files in os.walk(os.path.join(folder, "clips")):
        for name in files:
            try:
                total += os.path.getsize(os.path.join(path, name))
            except FileNotFoundError:
                pass  # thrown away meanwhile
    return total


def slope(points):
    """Least squares: what y gains for one x."""
    count, mean = len(points), lambda values: sum(values) / len(points)
    if count < 2:
        return 0.0
    x, y = mean([p[0] for p in points]), mean([p[1] for p in points])
    return sum((p[0] - x) * (p[1] - y) for p in points) / sum((p[0] - x) ** 2 for p in points)


def verdict(args, service, course, samples, before):
    checks = []
    check = lambda so, what: checks.append((bool(so), what))
    if service.process.poll() is not None:
        print("WRONG the service ended by itself with", service.process.returncode)
        return False
    first, second = samples[: len(samples) // 2], samples[len(samples) // 2 :]
    hours = (second[-1][0] - second[0][0]) / 3600
    growth = slope([(s[0], s[1]) for s in second]) * 3600 * hours
    most = max(s[1] for s in samples)
    check(most <= args.resident, f"resident memory {most:.0f} MiB at most, {args.resident} allowed")
    if args.minutes >= 20:
        allowed = max(10, second[0][1] * 0.02 * hours)
        check(growth <= allowed, f"it grew by {growth:.1f} MiB in the second half, {allowed:.0f} allowed")
    else:
        checks.append((True, f"it grew by {growth:.1f} MiB in the second half (too short to judge)"))
    # A disk that stalls for a moment has up to 64 reads and 16 writes wait, a thread each, which then have work for a
    # while. More of them is a leak, and so is one that outlives the last request.
    for at, name, slack in [(2, "descriptors", 30), (3, "threads", 80)]:
        early, late = max(s[at] for s in first), max(s[at] for s in second)
        check(late <= early + slack, f"{name}: {early} at most in the first half, {late} in the second")
    ended = time.monotonic() + 30
    while any(now > was + 4 for now, was in zip(service.open_things(), before)) and time.monotonic() < ended:
        time.sleep(0.5)
    for name, now, was in zip(["descriptors", "threads"], service.open_things(), before):
        check(now <= was + 4, f"{name}: {was} before, {now} after")
    in_memory = service.descriptors()[1]
    check(in_memory <= 256, f"clips in files in memory: {in_memory}, 256 allowed")
    most = max(s[4] for s in samples)
    check(not service.bounded_disk or most <= args.disk * 1.05, f"clips on disk: {most:.0f} MiB at most"
          + (f", {args.disk} allowed" if service.bounded_disk else " (this version has no bound)"))
    status, _, body = service.ask("GET", "/healthz")
    check(status == 200 and json.loads(body)["status"] == "ok", f"health: {body.decode()}")
    check(not course.wrong, f"{len(course.wrong)} answers were wrong; answers by status: {course.statuses}")
    check(course.statuses.get(200, 0) > 0, f"{len(course.heard)} files were compared with what was first heard")
    slowest = [s[6] for s in samples]
    checks.append((True, f"cached clips: p50 {sorted(s[5] for s in samples)[len(samples) // 2]:.1f} ms, "
                         f"p99 {sorted(slowest)[len(slowest) // 2]:.1f} ms (medians of the samples; the client's share is in them)"))
    for so, what in checks:
        print("ok   " if so else "WRONG", what)
    return all(so for so, _ in checks)


if __name__ == "__main__":
    main()
