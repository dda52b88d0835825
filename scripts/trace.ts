/** The lines between this program and the CLI, as `--log-level trace` tells them, and what the reader makes of them. */
import { createAnswer } from "../src/cli/answer/answer.ts";
import type { Answer } from "../src/cli/answer/answer.ts";
import { readMessage } from "../src/cli/protocol/message.ts";
import { TOOL_SERVER } from "../src/cli/protocol/name.ts";
import type { TurnEvent } from "../src/core/event.ts";
import { createFold } from "../src/core/reply.ts";
import type { Reply } from "../src/core/reply.ts";
import { isObject, parseJson } from "../src/lib/json.ts";
import type { JsonObject } from "../src/lib/json.ts";

/** One answer of a trace. */
export interface ReplayedTurn {
  readonly events: readonly TurnEvent[];
  readonly reply: Reply;
  /** How the reader stands at the end: `open` is an answer that broke off. */
  readonly state: Answer["state"];
  /** Reason of the turn's failure, if it failed. */
  readonly failure: string | undefined;
}

/** The line in an entry of the log, or the entry itself if it is a line; undefined for other entries. */
export function toTraceLine(entry: string): string | undefined {
  if (entry.startsWith("{")) return entry;
  const quoted = / trace cli line=(".*")$/.exec(entry)?.[1];
  const line: unknown = quoted === undefined ? undefined : parseJson(quoted);
  return typeof line === "string" ? line : undefined;
}

function toObject(value: unknown, ...keys: readonly string[]): JsonObject {
  let held = value;
  for (const key of keys) held = isObject(held) ? held[key] : undefined;
  return isObject(held) ? held : {};
}

/** The client's tools and the answer's schema, as `initialize` told them to the CLI. */
function readSetUp(initialize: JsonObject): { tools: string[]; schema: JsonObject | undefined } {
  const { tools } = toObject(initialize, "sdkMcpServerManifests", TOOL_SERVER, "toolsListResult");
  const names = Array.isArray(tools) ? tools.map((tool: unknown) => toObject(tool)["name"]) : [];
  const { jsonSchema } = initialize;
  return {
    tools: names.filter((name) => typeof name === "string"),
    schema: isObject(jsonSchema) ? jsonSchema : undefined,
  };
}

function openAnswer({ tools, schema }: ReturnType<typeof readSetUp>): Answer {
  const startedAt = performance.now();
  return createAnswer({
    stop: [],
    structured: schema && { type: "json", schema },
    tools: new Set(tools),
    hasOwnTools: true,
    servers: new Set(),
    readServers: () => [],
    openCalls: [],
    elapsedMs: () => performance.now() - startedAt,
  });
}

/**
 * Gives the lines of a trace, in order, to the reader. Each API call after the end of an answer begins the next one.
 */
export function replayTrace(entries: readonly string[]): ReplayedTurn[] {
  const lines = entries.flatMap((entry) => toTraceLine(entry) ?? []);
  const turns: ReplayedTurn[] = [];
  let setUp = readSetUp({});
  let answer: Answer | undefined;
  let events: TurnEvent[] = [];
  let failure: string | undefined;

  function close(): void {
    if (!answer) return;
    const fold = createFold();
    fold.add(events);
    turns.push({ events, reply: fold.reply, state: answer.state, failure });
    answer = undefined;
  }

  for (const line of lines) {
    const message = readMessage(line);
    const { request } = toObject(parseJson(line));
    if (isObject(request) && request["subtype"] === "initialize") setUp = readSetUp(request);
    if (message.type === "control_request" || message.type === "control_response" || message.type === "other") continue;
    const isStart = message.type === "api" && message.event.type === "message_start";
    if (isStart && (answer?.state !== "open" || failure !== undefined)) close();
    if (!answer && (isStart || message.type === "failure" || message.type === "retry")) {
      [answer, events, failure] = [openAnswer(setUp), [], undefined];
    }
    try {
      events.push(...(answer?.read([message]) ?? []));
    } catch (error) {
      failure ??= error instanceof Error ? error.message : String(error);
    }
  }
  close();
  return turns;
}
