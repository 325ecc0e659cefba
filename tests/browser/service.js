// The real service on a free port, with a folder of its own that goes when it goes.
//
// LANGDU_BIN names the program (default target/debug/langdu), LANGDU_VOICES a folder of voices.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = process.env.LANGDU_BIN || join(root, "target/debug/langdu");
const voices = process.env.LANGDU_VOICES || join(root, "voices");

/** Milliseconds a voice may take to load. */
const READY = 60_000;

/** Starts the service, with more arguments if wanted: `{origin, stop()}`. */
export async function startService(more = []) {
  const data = await mkdtemp(join(tmpdir(), "langdu-browser-"));
  const args = ["serve", "--listen", "127.0.0.1:0", "--data", data, ...more];
  if (existsSync(voices)) args.push("--voices", voices);
  // All tests come from one address, and quicker than people.
  const env = { ...process.env, LANGDU_CLIENT_RATE: "0", LANGDU_TOTAL_RATE: "0" };
  const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
  const gone = new Promise((resolve) => child.once("exit", resolve));

  const stop = async () => {
    child.kill();
    await gone;
    await rm(data, { recursive: true, force: true });
  };
  try {
    return { origin: await originOf(child), stop };
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
