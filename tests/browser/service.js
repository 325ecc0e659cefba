// The real service on a free port, with a folder of its own that goes when it goes.
//
// LANGDU_BIN names the program (default target/debug/langdu), LANGDU_VOICES a folder of voices, LANGDU_HUM the service
// whose voice hums (default target/debug/examples/hum).

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.LANGDU_BIN || join(root, "target/debug/langdu");
const hum = process.env.LANGDU_HUM || join(root, "target/debug/examples/hum");
const voices = process.env.LANGDU_VOICES || join(root, "voices");

/** Milliseconds a voice may take to load. */
const READY = 60_000;

/**
 * Starts the service, with more arguments if wanted: `{origin, data, stop(), kill(), revive()}`. What was killed comes
 * back at the same address, with the same data.
 */
export async function startService(more = []) {
  const args = ["serve", ...more];
  if (existsSync(voices)) args.push("--voices", voices);
  return start(program, args);
}

/**
 * Starts the same service with a voice that hums, at once and without a network: for tests of pages and states, where
 * it does not matter what is said. Its arguments are those of examples/hum.rs.
 */
export const startHum = (more = []) => start(hum, more);

/** A file of keys, and a key of it that is good for `rights`, made by the program itself: `{file, key}`. */
export async function makeKey(folder, ...rights) {
  const file = join(folder, "keys");
  const args = ["keys", "--file", file, "add", "--name", "test", "--may", rights.join(",")];
  const { stdout } = await promisify(execFile)(program, args, { cwd: root });
  return { file, key: stdout.trim() };
}

async function start(program, args) {
  const data = await mkdtemp(join(tmpdir(), "langdu-browser-"));
  // All tests come from one address, and quicker than people.
  const env = { ...process.env, LANGDU_CLIENT_RATE: "0", LANGDU_TOTAL_RATE: "0" };
  let child, gone;
  const run = (listen) => {
    const all = [...args, "--listen", listen, "--data", data];
    child = spawn(program, all, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
    gone = new Promise((resolve) => child.once("exit", resolve));
    return originOf(child);
  };
  const kill = async (signal = "SIGKILL") => {
    child.kill(signal);
    await gone;
  };
  const stop = async () => {
    await kill("SIGTERM");
    await rm(data, { recursive: true, force: true });
  };
  try {
    const origin = await run("127.0.0.1:0");
    return { origin, data, stop, kill, revive: () => run(new URL(origin).host) };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Has every clip of `text` made. */
export async function rehearse(origin, text) {
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  const manifest = await (await fetch(`${origin}/v1/notices`, { method: "POST", headers, body: text })).json();
  const clips = manifest.sentences.flatMap((sentence) => sentence.clips);
  for (const { url } of clips) await (await fetch(origin + url)).arrayBuffer();
  return clips.map(({ url }) => origin + url);
}

/** Waits until nothing is being made, then says how many milliseconds `text`, never heard, takes to its first clip. */
export async function firstClip(origin, text) {
  for (let busy = true; busy; ) {
    const { waiting_clips, queued_notices } = await (await fetch(`${origin}/healthz`)).json();
    busy = waiting_clips + queued_notices > 0;
    if (busy) await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const begun = performance.now();
  const headers = { "Content-Type": "text/plain; charset=utf-8" };
  const manifest = await (await fetch(`${origin}/v1/notices`, { method: "POST", headers, body: text })).json();
  await (await fetch(origin + manifest.sentences[0].clips[0].url)).arrayBuffer();
  return performance.now() - begun;
}

/** Waits for the line `listening on http://127.0.0.1:PORT`. */
function originOf(child) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error("the service did not say where it listens")), READY);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`the service ended with ${code}`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line);
      if (!found) return;
      clearTimeout(late);
      resolve(found[1]);
    });
  });
}
