#!/usr/bin/env python3
"""Measures what a listener and an operator feel, on the release build, with nothing but loopback.

usage: tools/bench.py [--binary target/release/langdu] [--rounds 5] [--notices DIR]

  start    from the start of the process to the line `listening on`; the voice is read behind
  answer   POST /v1/notices of the longest line of the notices, answered with its whole manifest,
           once a process that has answered one short notice before (warm), idle otherwise
  busy     the same again, other words, while the clips of the first are being made
  first    POST of a notice never seen plus GET of its first clip: from click to the first sound
  cached   GET of a clip that exists
  memory   the most resident memory of the process so far
  synth    `langdu synth`: seconds of work for a second of sound that is heard, files loaded anew

The notices are not part of the project; --notices names their folder (default ../shared/notices).
"""
import argparse, json, os, re, statistics, subprocess, tempfile, time, urllib.request, wave

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Service:
    def __init__(self, binary, data):
        begun = time.perf_counter()
        command = [binary, "serve", "--listen", "127.0.0.1:0", "--data", data, "--voices", os.path.join(HERE, "voices")]
        # Quicker than any reader, from one address.
        env = os.environ | {"LANGDU_CLIENT_RATE": "0", "LANGDU_TOTAL_RATE": "0"}
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.origin = re.search(r"http://\S+", self.process.stdout.readline())[0]
        self.started = time.perf_counter() - begun

    def post(self, text):
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        request = urllib.request.Request(self.origin + "/v1/notices", text.encode(), headers)
        begun = time.perf_counter()
        body = urllib.request.urlopen(request).read()
        return json.loads(body), time.perf_counter() - begun

    def get(self, path):
        begun = time.perf_counter()
        body = urllib.request.urlopen(self.origin + path).read()
        return body, time.perf_counter() - begun

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read())[1]) / 1024

    def stop(self):
        self.process.kill()
        self.process.wait()


def clips(manifest):
    return [clip["url"] for sentence in manifest["sentences"] for clip in sentence["clips"]]


def longest_line(folder):
    lines = []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as notice:
            lines += notice.read().split("\n")
    return max(lines, key=len)


def say(name, values, unit="ms", factor=1000):
    values = sorted(v * factor for v in values)
    print(f"{name:8} median {statistics.median(values):8.1f} {unit}   least {values[0]:8.1f}   most {values[-1]:8.1f}   n {len(values)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(HERE, "target/release/langdu"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--notices", default=os.path.join(HERE, "../shared/notices"))
    args = parser.parse_args()

    figures = {name: [] for name in ("start", "answer", "busy", "first", "cached", "memory")}
    long = longest_line(args.notices) if os.path.isdir(args.notices) else None
    for round in range(args.rounds):
        with tempfile.TemporaryDirectory() as data:
            service = Service(args.binary, data)
            figures["start"].append(service.started)
            # The figures are those of a service that has been up for a while.
            manifest, _ = service.post("通知。")
            service.get(clips(manifest)[0])
            for place in "甲乙丙":
                text = f"关于{place}区第{round + 3}小区临时停水的通知\n因管道检修，今天下午停水。"
                manifest, asked = service.post(text)
                first = clips(manifest)[0]
                figures["first"].append(asked + service.get(first)[1])
                for clip in clips(manifest):
                    service.get(clip)
                figures["cached"].append(service.get(first)[1])
            if long:
                figures["answer"].append(service.post(long)[1])
                figures["busy"].append(service.post(long + "特此通知。")[1])
            figures["memory"].append(service.memory())
            service.stop()
    print(f"longest line: {len(long or '')} characters")
    for name, values in figures.items():
        if values:
            say(name, values, *(("MB", 1) if name == "memory" else ()))

    text = "".join(f"第{n}条　各区县、各部门要高度重视，认真组织实施，确保{n * 7}个项目于2026年{n}月底前完成。\n" for n in range(1, 13))
    with tempfile.TemporaryDirectory() as folder:
        notice, sound = os.path.join(folder, "notice.txt"), os.path.join(folder, "notice.wav")
        with open(notice, "w", encoding="utf-8") as file:
            file.write(text)
        for threads in ("1", "2"):
            begun = time.perf_counter()
            command = [args.binary, "synth", notice, "-o", sound, "--voices", os.path.join(HERE, "voices"), "--threads", threads]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            took = time.perf_counter() - begun
            with wave.open(sound) as made:
                seconds = made.getnframes() / made.getframerate()
            print(f"synth    {len(text)} characters, {seconds:.1f} s of sound, {threads} threads: {took:.1f} s, {took / seconds:.2f} a second")


main()
