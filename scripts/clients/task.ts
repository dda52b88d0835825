/** A task of two prompts for one client: each has its own shell write a file, which is the proof. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { countStarts, readStarts } from "../../test/helpers/client.ts";
import { makeFolder } from "../../test/helpers/folder.ts";
import { PROGRAM, startProxy } from "../../test/helpers/proxy.ts";
import { createScope } from "../../test/helpers/scope.ts";
import { startUpstream } from "../../test/helpers/upstream.ts";
import { fetchClient, fetchNode } from "./install.ts";
import { obey, toPrompt } from "./model.ts";
import { MODEL } from "./table.ts";
import type { Call, Client } from "./table.ts";

export interface Outcome {
  readonly client: Client;
  /** `passed`, or what went wrong, in a sentence. */
  readonly result: string;
  /** True when the second prompt found the process of the first, undefined when it did not come to that. */
  readonly isHot?: boolean;
}

const PATIENCE_MS = 300_000;
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
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Reads a file of variables first, in a shell, as the user is told to. */
const WITH_VARIABLES = '. "$1" && shift && exec "$@"';

/** Runs the client for one prompt; gives what went wrong, if anything. */
async function ask(client: Client, setting: Setting, word: string, isNext: boolean): Promise<string | undefined> {
  const { cwd, home, url } = setting;
  const proof = join(cwd, `${word}.txt`);
  const call: Call = { home, url, prompt: toPrompt(word, proof), isNext };
  const args = client.toArgs(call);
  const { variables } = client;
  const own = { ...setting.env, ...client.toEnvironment?.(call) };
  const extra = Object.entries(client.toEnvironment?.(call) ?? {}).map(([name, value]) => `${name}=${value}`);
  const [file, list] =
    variables === undefined
      ? [setting.file, args]
      : ["sh", ["-c", WITH_VARIABLES, "sh", join(home, variables), "env", ...extra, setting.file, ...args]];
  const child = spawn(file, list, { cwd, env: own, stdio: ["ignore", "pipe", "pipe"], timeout: PATIENCE_MS });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  if (code !== 0) return `ended with ${signal ?? code}: ${output.slice(-OUTPUT_LENGTH)}`;
  const isDone = existsSync(proof) && readFileSync(proof, "utf8") === word;
  return isDone ? undefined : `wrote no ${word}.txt: ${output.slice(-OUTPUT_LENGTH)}`;
}

/** Has `connect` set the client up in a home of its own, without a network. @throws Error when it does not. */
function prepare(client: Client, url: string, home: string): Setting {
  for (const [path, text] of Object.entries(client.files ?? {})) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  const cwd = join(home, "project");
  mkdirSync(cwd);
  const node = client.node === undefined ? undefined : fetchNode(client.node);
  const file = client.spec ? join(fetchClient(client.spec, node), "node_modules/.bin", client.file) : client.file;
  const path = [...(node === undefined ? [] : [node]), process.env["PATH"] ?? ""].join(delimiter);
  const env = { PATH: path, HOME: home, TERM: "dumb", CI: "1", ...NO_NETWORK };
  const [program, ...script] = PROGRAM;
  const words = ["connect", client.id, "--port", new URL(url).port, "--model", MODEL];
  execFileSync(program, [...script, ...words], { env, stdio: ["ignore", "ignore", "pipe"] });
  return { file, home, cwd, url, env };
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
    if (client.isOnce) return { client, result: "passed" };
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
