"""The official `openai` package against langdu: `tools/clients/openai_test.sh`. What is timed is hummed.

1. every format, decoded by a decoder of its own, lasts equally long;
2. sound comes while the rest is made, and the same text comes at once the second time;
3. what cannot be served is raised as the exceptions that programs catch;
4. the asynchronous client; models; keys;
5. SIGTERM while something is spoken: /readyz says so at once, and what is spoken is heard to its end.
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import wave
from pathlib import Path

import openai

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("LANGDU", ROOT / "target/debug/langdu")
# The same service with a voice that hums, and takes 300 ms for each clip.
HUM = [os.environ.get("LANGDU_HUM", ROOT / "target/debug/examples/hum"), "--delay-ms", "300"]

SHORT = "今天停水。"
LONG = "".join(f"第{n}组今天停水。\n" for n in "一二三四五六七八")

# A key for this test, and its BLAKE3 as the file of keys has it.
KEY = "langdu_test_of_the_official_client"
KEYS = """[[key]]
name = "client"
may = ["speech"]
hash = "97e8a9125b31a85d3633c38ba6165af427056572f1276d9cee50e72661d108b3"
"""

checks = 0


def check(so, what):
    global checks
    checks += 1
    if not so:
        sys.exit(f"FAILED: {what}")


class Service:
    def __init__(self, folder, *options, program=(PROGRAM, "serve")):
        command = [*map(str, program), "--listen", "127.0.0.1:0", "--data", str(folder), *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = self.process.stdout.readline().strip().rsplit(" ", 1)[-1]

    def client(self, key="anything", **options):
        return openai.OpenAI(base_url=f"{self.address}/v1", api_key=key, max_retries=0, timeout=120, **options)

    def status(self, path):
        try:
            return urllib.request.urlopen(self.address + path, timeout=5).status
        except urllib.error.HTTPError as answered:
            return answered.code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def samples(path, form):
    """How many samples of 24 kHz a decoder finds."""
    if form == "wav":
        with wave.open(str(path)) as sound:
            check((sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (24_000, 1, 2), "the WAV")
            return len(sound.readframes(sound.getnframes())) // 2
    if form == "pcm":
        return path.stat().st_size // 2
    if form == "opus":
        raw = subprocess.run(["opusdec", "--quiet", "--rate", "24000", path, "-"], capture_output=True, check=True)
        return len(raw.stdout) // 2
    raw = subprocess.run(
        ["flac", "-dcs", "--force-raw-format", "--endian=little", "--sign=signed", path], capture_output=True, check=True
    )
    return len(raw.stdout) // 2


def raises(kind, code, ask):
    try:
        ask()
    except openai.APIStatusError as error:
        check(type(error) is kind, f"{code} is raised as {type(error).__name__}")
        check(error.code == code, f"{error.code} for {code}")
        check(error.body["message"] and error.body["type"], f"{code} says nothing")
        return
    sys.exit(f"FAILED: {code} is no error")


def streamed(client, text, form):
    """The sound, and the seconds until its first and its last bytes."""
    started, sound, first = time.monotonic(), b"", None
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="nova", input=text, response_format=form
    ) as answer:
        for part in answer.iter_bytes():
            sound += part
            # More than the heads of any format.
            if first is None and len(sound) > 400:
                first = time.monotonic() - started
    return sound, first, time.monotonic() - started


def formats(client, folder):
    lasts = {}
    for form in ["pcm", "wav", "flac", "opus"]:
        path = folder / f"speech.{form}"
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts", voice="alloy", input=SHORT, response_format=form, instructions="Speak gently."
        ) as answer:
            answer.stream_to_file(path)
        lasts[form] = samples(path, form)
    print("samples:", lasts)
    check(lasts["pcm"] > 12_000, "half a second at least")
    check(lasts["wav"] == lasts["pcm"] == lasts["flac"], "every sample is there")
    check(abs(lasts["opus"] - lasts["pcm"]) <= 480, "Opus lasts as long, within a frame")
    whole = client.audio.speech.create(model="tts-1", voice="alloy", input=SHORT)
    check(whole.response.headers["content-type"] == "audio/wav", "none asked for is WAV")
    check(whole.read() == (folder / "speech.wav").read_bytes(), "the same sound")
    male = client.audio.speech.create(model="langdu", voice="onyx", input=SHORT).read()
    check(male != whole.content, "onyx is another voice than alloy")
    fast = client.audio.speech.create(model="langdu", voice="alloy", input=SHORT, speed=1.5, response_format="pcm")
    check(len(fast.read()) // 2 < lasts["pcm"], "fast is shorter")


def streaming(client):
    for form, text in [("wav", LONG), ("opus", LONG.replace("水", "电")), ("flac", LONG.replace("水", "气"))]:
        sound, first, last = streamed(client, text, form)
        print(f"{form}: first sound after {first:.2f} s, the last after {last:.2f} s, {len(sound)} bytes")
        check(first < 0.6 * last, "sound comes while the rest is made")
    again, _, soon = streamed(client, LONG, "wav")
    print(f"again: the last after {soon:.2f} s")
    check(soon < 1.0, "what was said before is there at once")
    check(int.from_bytes(again[40:44], "little") == len(again) - 44, "then the header tells the length")


def errors(client):
    def ask(**other):
        return lambda: client.audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": SHORT, **other})

    raises(openai.NotFoundError, "model_not_found", ask(model="gpt-99"))
    raises(openai.BadRequestError, "voice_unknown", ask(voice="nobody"))
    raises(openai.BadRequestError, "unsupported_value", ask(response_format="mp3"))
    raises(openai.BadRequestError, "unsupported_value", ask(response_format="aac"))
    raises(openai.BadRequestError, "unsupported_value", ask(extra_body={"stream_format": "sse"}))
    raises(openai.BadRequestError, "speed_out_of_range", ask(speed=4.0))
    raises(openai.BadRequestError, "text_empty", ask(input=""))
    check([model.id for model in client.models.list()][0] == "langdu", "the models")


async def asynchronous(service):
    async with openai.AsyncOpenAI(base_url=f"{service.address}/v1", api_key="x", max_retries=0) as client:
        ask = lambda text: client.audio.speech.create(model="tts-1", voice="nova", input=text, response_format="pcm")
        spoken = await asyncio.gather(*(ask(text) for text in [SHORT, SHORT, "明天停电。"]))
        check(spoken[0].content == spoken[1].content != spoken[2].content, "three at a time")
        check([model.id async for model in client.models.list()][0] == "langdu", "the models, too")


def stopping(service):
    heard = {}
    client = service.client()

    def listen():
        heard["sound"], _, _ = streamed(client, LONG.replace("今", "明"), "pcm")

    listener = threading.Thread(target=listen)
    check(service.status("/readyz") == 200, "it is ready")
    listener.start()
    time.sleep(0.5)
    service.process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    check(service.status("/readyz") == 503, "no more once it was told to stop")
    listener.join()
    check(len(heard["sound"]) > 48_000, "what was under way is heard")
    check(service.process.wait(timeout=15) == 0, "it ends well")


def main():
    print("openai", openai.__version__)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with Service(folder / "data") as service:
            client = service.client()
            formats(client, folder)
            errors(client)
            asyncio.run(asynchronous(service))
            check(not any((folder / "data/notices").glob("*.notice")), "no notice is kept")
        with Service(folder / "hummed", program=HUM) as service:
            streaming(service.client())
            stopping(service)
        keys = folder / "keys.toml"
        keys.write_text(KEYS)
        with Service(folder / "data", "--keys", str(keys), "--access", "published") as service:
            speak = lambda key: service.client(key).audio.speech.create(model="tts-1", voice="alloy", input=SHORT)
            check(len(speak(KEY).read()) > 24_000, "with its key")
            raises(openai.AuthenticationError, "invalid_api_key", lambda: speak("sk-wrong"))
            raises(openai.AuthenticationError, "invalid_api_key", lambda: service.client("wrong").models.list())
    print(f"openai client: {checks} checks passed")


if __name__ == "__main__":
    main()
