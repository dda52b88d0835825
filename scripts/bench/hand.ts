/** The CLI without the proxy: one process driven by hand over stream-json with the proxy's own flags, or one spawned for each request. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { toArgs } from "../../src/cli/args.ts";
import { startClock } from "./clock.ts";
import type { Answer, Clock } from "./clock.ts";
import { endProcess } from "./place.ts";
import type { Place } from "./place.ts";

export interface HandCli {
  /** Plays the next turn of its one conversation. */
  turn(text: string): Promise<Answer>;
  end(): Promise<void>;
}

interface Line {
  readonly type: string;
  readonly event?: { readonly type: string; readonly delta?: { readonly text?: string } };
}

/** Calls `onEnd` with each `result`. */
function readLines(child: ChildProcess, clock: () => Clock | undefined, onEnd: () => void): void {
  const decoder = new StringDecoder("utf8");
  let held = "";
  (child.stdout as Readable).on("data", (chunk: Buffer) => {
    const lines = (held + decoder.write(chunk)).split("\n");
    held = lines.pop() ?? "";
    for (const text of lines) {
      const line = JSON.parse(text) as Line;
      if (line.type === "result") onEnd();
      else if (line.event?.type === "content_block_delta") clock()?.add(line.event.delta?.text ?? "");
    }
  });
}

const SET_UP = [
  { type: "control_request", request_id: "1", request: { subtype: "initialize", systemPrompt: [""] } },
  { type: "control_request", request_id: "2", request: { subtype: "set_model", model: "sonnet" } },
];

/** Starts a CLI that waits, told nothing, for its first turn. */
export function startByHand(place: Place): HandCli {
  const child = place.start(place.claude, toArgs({ tools: "none" }, ""), { cwd: place.workspace, env: place.cliEnv, stdio: ["pipe", "pipe", "ignore"] });
  let clock: Clock | undefined;
  let onEnd: () => void = () => undefined;
  let isSetUp = false;
  readLines(child, () => clock, () => onEnd());
  return {
    async turn(text) {
      const user = { type: "user", message: { role: "user", content: text }, parent_tool_use_id: null, session_id: "", client_composed: true };
      const messages = isSetUp ? [user] : [...SET_UP, user];
      isSetUp = true;
      const ended = new Promise<void>((resolve) => (onEnd = resolve));
      clock = startClock();
      child.stdin?.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
      await ended;
      return clock.end();
    },
    async end() {
      child.stdin?.end();
      await endProcess(child);
    },
  };
}

/** Spawns a CLI for one request, with its own prompt and tools, as a program would that knows no better. */
export async function runSpawned(place: Place, prompt: string): Promise<Answer> {
  const args = ["-p", prompt, "--output-format", "stream-json", "--verbose", "--include-partial-messages", "--no-session-persistence", "--model", "sonnet"];
  const clock = startClock();
  const child = place.start(place.claude, args, { cwd: place.workspace, env: place.env, stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  let answer: Answer | undefined;
  readLines(child, () => clock, () => (answer = clock.end()));
  await exited;
  if (!answer) throw new Error("A spawned claude gave no answer");
  return answer;
}
