// A sound card that swallows everything, at its proper speed: PulseAudio with a null sink, of its own for each caller.
// Firefox takes a machine without a sound card for a broken one.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Milliseconds it may take to start. */
const READY = 20_000;

/** Whether the machine has the program. */
export const hasSink = existsSync("/usr/bin/pulseaudio");

/** Starts it: `{server, stop()}`; `server` is for PULSE_SERVER. */
export async function startSink() {
  const folder = await mkdtemp(join(tmpdir(), "langdu-sink-"));
  const socket = join(folder, "native");
  const modules = ["-L", "module-null-sink", "-L", `module-native-protocol-unix auth-anonymous=1 socket=${socket}`];
  const args = ["-n", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no", ...modules];
  const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder };
  const child = spawn("/usr/bin/pulseaudio", args, { env, stdio: "ignore" });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill();
    await gone;
    await rm(folder, { recursive: true, force: true });
  };
  for (const begun = Date.now(); !existsSync(socket); ) {
    if (child.exitCode !== null || Date.now() - begun > READY) {
      await stop();
      throw new Error("PulseAudio did not start");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { server: `unix:${socket}`, stop };
}
