/**
 * The CLI without the proxy: one process driven by hand over stream-json with the proxy's own flags, or one spawned for
 * each request.
 */
import type { ChildProcess, SpawnOptions } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { toArgs } from "../../src/cli/request/launch.ts";
import type { Launch } from "../../src/cli/request/launch.ts";
import { toUserLine } from "../../src/cli/request/content.ts";
import { createToolServer, toServerFields } from "../../src/cli/protocol/toolserver.ts";
import { toCallId } from "../../src/core/turn.ts";
import type { Tool, UserMessage } from "../../src/core/turn.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import { startClock } from "./clock.ts";
import type { Answer, Clock } from "./clock.ts";
import { endProcess } from "./place.ts";
import type { Place } from "./place.ts";

export interface HandCli {
  /** Tells it its tools and its model, ahead of its first turn; settles when it has taken them. */
  setUp(): Promise<void>;
  /**
   * Plays the next turn of its one conversation: a text is a user's, or the result of the call that the last answer
   * made. `prepare` is done first, and is part of the time.
   */
  turn(said: string | UserMessage, prepare?: () => Promise<void>): Promise<Answer>;
  end(): Promise<void>;
}

interface Line {
  readonly type: string;
  readonly event?: {
    readonly type: string;
    readonly delta?: { readonly text?: string };
    readonly content_block?: { readonly type: string; readonly id?: string };
  };
  readonly request_id?: string;
  readonly request?: JsonObject;
  readonly response?: { readonly request_id?: string };
}

function readLines(child: ChildProcess, onLine: (line: Line) => void): void {
  const decoder = new StringDecoder("utf8");
  let held = "";
  (child.stdout as Readable).on("data", (chunk: Buffer) => {
    const lines = (held + decoder.write(chunk)).split("\n");
    held = lines.pop() ?? "";
    for (const text of lines) onLine(JSON.parse(text) as Line);
  });
}

/** Adds what a line says to the answer under way. */
function addLine({ event }: Line, clock: Clock): void {
  if (event?.type === "content_block_delta") clock.add(event.delta?.text ?? "");
  if (event?.content_block?.type === "tool_use") clock.call(event.content_block.id ?? "");
}

const SET_UP_ID = "1";

/** A process that was started with a model is not told it again. */
function toSetUp(tools: readonly Tool[], { model }: Partial<Launch>): JsonObject[] {
  return [
    {
      type: "control_request",
      request_id: SET_UP_ID,
      request: { subtype: "initialize", systemPrompt: [""], ...toServerFields(tools) },
    },
    ...(model === undefined
      ? [{ type: "control_request", request_id: "2", request: { subtype: "set_model", model: "sonnet" } }]
      : []),
  ];
}

/** Starts a CLI that waits, told nothing, for its first turn. It is to have these tools. */
export function startByHand(place: Place, tools: readonly Tool[] = [], launch: Partial<Launch> = {}): HandCli {
  // A group of its own, as under the proxy: to Linux, that is a share of the machine of its own.
  const options: SpawnOptions = {
    cwd: place.workspace,
    env: place.cliEnv,
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  };
  const child = place.start(place.claude, toArgs({ tools: "none", ...launch }, ""), options);
  const toolServer = createToolServer();
  let clock = startClock();
  let onEnd: () => void = () => undefined;
  let onSetUp: () => void = () => undefined;
  let isSetUp = false;
  let callId = "";
  const write = (...messages: readonly JsonObject[]): void =>
    void child.stdin?.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(""));

  /** An answer ends with its result, or where the CLI asks for a call's. */
  function onLine(line: Line): void {
    addLine(line, clock);
    const { request, request_id } = line;
    if (line.type === "control_request" && request) {
      toolServer.answer(request, (response) =>
        write({ type: "control_response", response: { subtype: "success", request_id, response } }),
      );
    }
    const isCall = (request?.["message"] as JsonObject | undefined)?.["method"] === "tools/call";
    if (isCall || line.type === "result") onEnd();
    if (line.type === "control_response" && line.response?.request_id === SET_UP_ID) onSetUp();
  }

  function setUp(): JsonObject[] {
    const lines = isSetUp ? [] : toSetUp(tools, launch);
    isSetUp = true;
    return lines;
  }

  function hand(said: string | UserMessage): void {
    const content = typeof said === "string" ? [{ type: "text", text: said } as const] : said.content;
    if (callId !== "" && typeof said === "string")
      return toolServer.give([
        { type: "result", id: toCallId(callId), content: [{ type: "text", text: said }], isError: false },
      ]);
    write(...setUp(), toUserLine({ role: "user", content }));
  }

  readLines(child, onLine);
  return {
    async setUp() {
      const taken = new Promise<void>((resolve) => (onSetUp = resolve));
      write(...setUp());
      await taken;
    },
    async turn(said, prepare) {
      const ended = new Promise<void>((resolve) => (onEnd = resolve));
      clock = startClock();
      await prepare?.();
      hand(said);
      await ended;
      const given = clock.end();
      callId = given.callId;
      return given;
    },
    async end() {
      child.stdin?.end();
      await endProcess(child);
    },
  };
}

/** Spawns a CLI for one request, with its own prompt and tools, as a program would that knows no better. */
export async function runSpawned(place: Place, prompt: string): Promise<Answer> {
  const args = [
    "-p",
    prompt,
    "--output-format",
    "stream-json",
    "--verbose",
    "--include-partial-messages",
    "--no-session-persistence",
    "--model",
    "sonnet",
  ];
  const clock = startClock();
  const child = place.start(place.claude, args, {
    cwd: place.workspace,
    env: place.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const exited = once(child, "exit");
  let answer: Answer | undefined;
  readLines(child, (line) => {
    addLine(line, clock);
    if (line.type === "result") answer = clock.end();
  });
  await exited;
  if (!answer) throw new Error("A spawned claude gave no answer");
  return answer;
}
