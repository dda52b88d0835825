/** A task of several prompts for one client: each has the client's own tool write a file, which is the proof. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { makeFolder } from "../../test/helpers/folder.ts";
import { startProxy } from "../../test/helpers/proxy.ts";
import type { Proxy } from "../../test/helpers/proxy.ts";
import type { Scope } from "../../test/helpers/scope.ts";
import { startUpstream } from "../../test/helpers/upstream.ts";
import { openAgent } from "./agent.ts";
import type { Client, Dialogue, Setting } from "./client.ts";
import { fetchNode } from "./install.ts";
import { isTaskRequest, obey, toPrompt } from "./model.ts";
import { startRecorder } from "./recorder.ts";
import type { RecordedRequest } from "./recorder.ts";
import { openSdk } from "./sdk.ts";
import { endStrays } from "./strays.ts";

/** A client's run. */
export interface Outcome {
  readonly client: Client;
  /** `passed`, or what went wrong, in a sentence. */
  readonly result: string;
  /** The ways in which the turns of the task began, oldest first: see `core/start.ts`. */
  readonly starts: readonly string[];
  /** The requests of those turns. */
  readonly requests: readonly RecordedRequest[];
  /** The client's home; it is gone. */
  readonly home: string;
}

const WORDS = ["one", "two", "three", "four", "five"];
const LEAST_PROMPTS = 2;
/** Requests to anything but loopback fail at once: the task needs no network. */
const NO_NETWORK = {
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
  NO_PROXY: "127.0.0.1,localhost",
};

function makeSetting(scope: Scope, url: string): Setting {
  const home = makeFolder(scope);
  scope.after(() => endStrays(home));
  const cwd = join(home, "project");
  mkdirSync(cwd);
  const path = [fetchNode(), process.env["PATH"] ?? ""].join(delimiter);
  return { home, cwd, url, env: { PATH: path, HOME: home, TERM: "dumb", CI: "1", ...NO_NETWORK } };
}

/**
 * Has the client do all prompts; gives what went wrong with one. The files are there from the beginning, empty: some
 * clients list a folder's files ahead of the conversation, so that a new one changes the history that they bring.
 */
async function play(client: Client, dialogue: Dialogue, cwd: string): Promise<string | undefined> {
  const words = WORDS.slice(0, client.prompts ?? LEAST_PROMPTS);
  const toProof = (word: string): string => join(cwd, `${word}.txt`);
  for (const word of words) writeFileSync(toProof(word), "");
  for (const word of words) {
    const proof = toProof(word);
    const failure = await dialogue.ask(toPrompt(word, proof));
    if (failure !== undefined) return `prompt ${word}: ${failure}`;
    if (readFileSync(proof, "utf8") !== word) return `prompt ${word}: wrote nothing to ${word}.txt`;
  }
  return undefined;
}

/** The way in which the turn of a request began, by the server's log; `none` for one that came to no turn. */
function toStart({ log }: Proxy, { id }: RecordedRequest): string {
  const line = log.find((text) => text.endsWith(` id=${id}`)) ?? "";
  return / start=(\w+)/.exec(line)?.[1] ?? "none";
}

/**
 * Sets the client up for a server of its own, has it do its prompts, and takes the set-up back. All that is started ends
 * with the scope.
 */
export async function runTask(client: Client, scope: Scope): Promise<Outcome> {
  try {
    const upstream = await startUpstream(scope);
    upstream.answer(obey);
    const proxy = await startProxy(scope, { upstream });
    const recorder = await startRecorder(scope, proxy.url);
    const setting = makeSetting(scope, recorder.url);
    const dialogue = client.type === "agent" ? openAgent(client, setting) : openSdk(client, setting);
    scope.after(() => dialogue.end());
    const failure = (await play(client, dialogue, setting.cwd)) ?? dialogue.undo?.();
    const requests = recorder.requests.filter(({ body }) => isTaskRequest(body));
    // The line of a turn is written when its response closes, which the client may see first.
    const last = requests.at(-1);
    if (failure === undefined && last) await proxy.logged(new RegExp(` id=${last.id}$`));
    const starts = requests.map((request) => toStart(proxy, request));
    return { client, result: failure ?? "passed", starts, requests, home: setting.home };
  } catch (error) {
    return {
      client,
      result: error instanceof Error ? error.message : String(error),
      starts: [],
      requests: [],
      home: "",
    };
  }
}
