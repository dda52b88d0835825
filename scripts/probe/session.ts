/**
 * One CLI process, driven line by line as the facts describe it; nothing of the program but its arguments is between.
 */
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { TOOL_SERVER } from "../../src/cli/protocol/name.ts";
import { toArgs, toEnvironment } from "../../src/cli/request/launch.ts";
import type { Launch } from "../../src/cli/request/launch.ts";
import { isObject, parseJson } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";

/** A session's patience with an answer, in milliseconds; the machine may be busy. */
const PATIENCE_MS = 60_000;

/** Answers a tool call with an MCP result; undefined leaves it open. */
export type AnswerCall = (name: string, input: JsonObject, id: string) => JsonObject | undefined;

export interface SessionOptions {
  readonly launch?: Partial<Launch>;
  readonly args?: readonly string[];
  /** Added to the environment; an empty value takes a variable out. */
  readonly env?: Readonly<Record<string, string>>;
  /** A working directory to share; one of its own otherwise. */
  readonly folder?: string;
  readonly onCall?: AnswerCall;
}

export interface Session {
  readonly folder: string;
  /** All messages so far, oldest first. */
  readonly messages: JsonObject[];
  readonly isRunning: boolean;
  readonly stderr: string;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  send(message: JsonObject): void;
  /** Sends a control request and gives what is in its answer. @throws Error with the CLI's words when it refuses. */
  ask(request: JsonObject): Promise<JsonObject>;
  /** Sends a user message. */
  say(content: unknown, rest?: JsonObject): void;
  /** Sends a user message and gives the `result` of its turn. */
  turn(content: unknown): Promise<JsonObject>;
  /** Settles with the next message that fits. */
  next(fits: (message: JsonObject) => boolean): Promise<JsonObject>;
  /** Answers a call that was left open. */
  answer(requestId: string, result: JsonObject): void;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  close(): Promise<void>;
}

/** The object under a path of keys, or an empty one. */
export function get(value: unknown, ...keys: readonly string[]): JsonObject {
  let held = value;
  for (const key of keys) held = isObject(held) ? held[key] : undefined;
  return isObject(held) ? held : {};
}

const HELLO = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "client", version: "1" },
};

/** The fields of `initialize` that offer tools. */
export function toToolFields(tools: readonly JsonObject[]): JsonObject {
  if (tools.length === 0) return {};
  return {
    sdkMcpServers: [TOOL_SERVER],
    sdkMcpServerConfigs: { [TOOL_SERVER]: { timeout: 3_600_000 } },
    sdkMcpServerManifests: { [TOOL_SERVER]: { initializeResult: HELLO, toolsListResult: { tools } } },
  };
}

type End = Awaited<Session["ended"]>;
type Child = ChildProcessWithoutNullStreams;

/** Spawns the CLI with the environment of the program, a home of its own, and the API at `url`. */
function spawnCli(path: string, url: string, home: string, options: SessionOptions): Child {
  const { launch = {}, args = [], env = {}, folder = home } = options;
  const own = {
    PATH: process.env["PATH"],
    HOME: home,
    IS_SANDBOX: "1",
    ANTHROPIC_BASE_URL: url,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    ...("CLAUDE_CODE_OAUTH_TOKEN" in env || "ANTHROPIC_API_KEY" in env ? {} : { ANTHROPIC_API_KEY: "unused" }),
  };
  const all = Object.entries({ ...toEnvironment(own, launch.tools ?? "none"), ...env });
  return spawn(path, [...toArgs({ tools: "none", ...launch }, ""), ...args], {
    cwd: folder,
    env: Object.fromEntries(all.filter(([, value]) => value !== "")),
    stdio: "pipe",
    detached: true,
  });
}

/** The messages that have come, and those who wait for one. */
interface Inbox {
  readonly messages: JsonObject[];
  add(message: JsonObject): void;
  next: Session["next"];
}

/** `failed` rejects when nothing more can come. */
function createInbox(failed: Promise<never>): Inbox {
  const messages: JsonObject[] = [];
  const waiters = new Set<{ fits: (message: JsonObject) => boolean; resolve: (message: JsonObject) => void }>();
  failed.catch(() => {});
  return {
    messages,
    add(message) {
      messages.push(message);
      for (const waiter of [...waiters]) {
        if (!waiter.fits(message)) continue;
        waiters.delete(waiter);
        waiter.resolve(message);
      }
    },
    next(fits) {
      const timer = new AbortController();
      const found = new Promise<JsonObject>((resolve) => waiters.add({ fits, resolve }));
      const late = delay(PATIENCE_MS, undefined, { signal: timer.signal }).then(() => {
        throw new Error(`nothing that was waited for came within ${PATIENCE_MS / 1000} s`);
      });
      return Promise.race([found, failed, late]).finally(() => {
        late.catch(() => {});
        timer.abort();
      });
    },
  };
}

/** The MCP server of the client's tools. */
interface ToolCalls {
  /** Answers a request of the CLI's, or leaves a call open. */
  serve(message: JsonObject): void;
  answer: Session["answer"];
}

function createToolCalls(send: Session["send"], onCall: AnswerCall): ToolCalls {
  const open = new Map<string, unknown>();
  const respond = (request_id: unknown, result: JsonObject, id: unknown): void =>
    send({
      type: "control_response",
      response: { subtype: "success", request_id, response: { mcp_response: { jsonrpc: "2.0", id: id ?? 0, result } } },
    });
  return {
    serve(message) {
      const { method, id, params } = get(message, "request", "message");
      if (method !== "tools/call") return respond(message["request_id"], method === "initialize" ? HELLO : {}, id);
      const { name, arguments: input, _meta } = get(params);
      const result = onCall(String(name), get(input), String(get(_meta)["claudecode/toolUseId"]));
      if (result) respond(message["request_id"], result, id);
      else open.set(String(message["request_id"]), id);
    },
    answer: (requestId, result) => respond(requestId, result, open.get(requestId)),
  };
}

/** A spawned CLI, and what it has told on its way out. */
interface Running {
  readonly child: Child;
  readonly ended: Promise<End>;
  readonly isRunning: boolean;
  readonly stderr: string;
}

function watch(child: Child): Running {
  let stderr = "";
  let isRunning = true;
  child.stderr.on("data", (chunk: Buffer) => void (stderr += chunk.toString()));
  child.stdin.on("error", () => {});
  child.once("error", (error) => void (stderr += error.message));
  const ended = once(child, "close").then(([code, signal]) => {
    isRunning = false;
    return { code, signal } as End;
  });
  return {
    child,
    ended,
    get isRunning() {
      return isRunning;
    },
    get stderr() {
      return stderr;
    },
  };
}

async function end({ child, ended, isRunning }: Running): Promise<void> {
  child.stdin.end();
  if (isRunning) child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}

/** Starts the CLI at `path` in front of the API at `url`. */
export function startSession(path: string, url: string, options: SessionOptions): Session {
  const home = mkdtempSync(join(tmpdir(), "probe-"));
  const running = watch(spawnCli(path, url, home, options));
  const { child, ended } = running;
  const failed = ended.then(({ code, signal }) => {
    throw new Error(`the CLI ended with ${signal ?? `code ${code}`}: ${running.stderr.trim().slice(0, 300)}`);
  });
  const inbox = createInbox(failed);
  const send = (message: JsonObject): void => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const calls = createToolCalls(send, options.onCall ?? (() => undefined));
  let count = 0;

  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = parseJson(line);
    if (!isObject(message)) return;
    inbox.add(message);
    if (message["type"] === "control_request") calls.serve(message);
  });

  const session: Session = {
    folder: options.folder ?? home,
    messages: inbox.messages,
    ended,
    get isRunning() {
      return running.isRunning;
    },
    get stderr() {
      return running.stderr;
    },
    send,
    async ask(request) {
      const id = `r${++count}`;
      const answer = inbox.next((message) => get(message, "response")["request_id"] === id);
      send({ type: "control_request", request_id: id, request });
      const response = get(await answer, "response");
      if (response["subtype"] !== "success") throw new Error(String(response["error"]));
      return get(response, "response");
    },
    say(content, rest = {}) {
      const message = { role: "user", content };
      send({ type: "user", message, parent_tool_use_id: null, session_id: "", client_composed: true, ...rest });
    },
    turn(content) {
      const result = inbox.next(({ type }) => type === "result");
      session.say(content);
      return result;
    },
    next: inbox.next,
    answer: calls.answer,
    endInput: () => void child.stdin.end(),
    kill: (signal) => void child.kill(signal),
    async close() {
      await end(running);
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return session;
}
