/** A task of two prompts for one client: each has its own shell write a file, which is the proof. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { countStarts, readStarts } from "../../test/helpers/client.ts";
import { makeFolder } from "../../test/helpers/folder.ts";
import { startProxy } from "../../test/helpers/proxy.ts";
import { createScope } from "../../test/helpers/scope.ts";
import { startUpstream } from "../../test/helpers/upstream.ts";
import { fetchClient } from "./install.ts";
import { obey, toPrompt } from "./model.ts";
import type { Client } from "./table.ts";

export interface Outcome {
  readonly client: Client;
  /** `passed`, or what went wrong, in a sentence. */
  readonly result: string;
  /** True when the second prompt found the process of the first, undefined when it did not come to that. */
  readonly isHot?: boolean;
}

const PATIENCE_MS = 180_000;
const OUTPUT_LENGTH = 600;
/** Requests to anything but loopback fail at once: the task needs no network. */
const NO_NETWORK = {
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1,localhost",
};

interface Setting {
  readonly file: string;
  readonly home: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs the client for one prompt; gives what went wrong, if anything. */
async function ask({ toArgs }: Client, setting: Setting, word: string, isNext: boolean): Promise<string | undefined> {
  const proof = join(setting.cwd, `${word}.txt`);
  const { cwd, env } = setting;
  const child = spawn(setting.file, toArgs(toPrompt(word, proof), isNext), {
    cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: PATIENCE_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) return `ended with ${signal ?? code}: ${output.slice(-OUTPUT_LENGTH)}`;
  const isDone = existsSync(proof) && readFileSync(proof, "utf8") === word;
  return isDone ? undefined : `wrote no ${word}.txt: ${output.slice(-OUTPUT_LENGTH)}`;
}

/** Writes the client's files and gives its surroundings: a home of its own, and no network. */
function prepare(client: Client, url: string, home: string): Setting {
  const { files, env } = client.setUp(url);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  const cwd = join(home, "project");
  mkdirSync(cwd);
  const file = client.spec ? join(fetchClient(client.spec), "node_modules/.bin", client.file) : client.file;
  return {
    file,
    home,
    cwd,
    env: { PATH: process.env["PATH"], HOME: home, TERM: "dumb", CI: "1", ...NO_NETWORK, ...env },
  };
}

/** Sets the client up for a server of its own, and has it do both prompts. */
export async function runTask(client: Client): Promise<Outcome> {
  const scope = createScope();
  try {
    const upstream = await startUpstream(scope);
    upstream.answer(obey);
    const proxy = await startProxy(scope, { upstream });
    const setting = prepare(client, proxy.url, makeFolder(scope));
    const first = await ask(client, setting, "one", false);
    if (first !== undefined) return { client, result: `first prompt ${first}` };
    const before = { replays: countStarts(proxy, "replay"), starts: readStarts(proxy).length };
    const second = await ask(client, setting, "two", true);
    if (second !== undefined) return { client, result: `second prompt ${second}` };
    return { client, result: "passed", isHot: countStarts(proxy, "replay") === before.replays };
  } catch (error) {
    return { client, result: error instanceof Error ? error.message : String(error) };
  } finally {
    await scope.end();
  }
}
