/** Parts of a measurement: the CLI that is measured, the scripted API, and the usual ways to a turn. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "../../src/lib/json.ts";
import type { Scope } from "../../test/helpers/scope.ts";
import type { ApiCall, Upstream } from "../../test/helpers/upstream.ts";
import { startSession, toToolFields } from "./session.ts";
import type { Session, SessionOptions } from "./session.ts";

export interface OpenOptions extends SessionOptions {
  readonly system?: string;
  readonly tools?: readonly JsonObject[];
  /** More fields of `initialize`. */
  readonly initialize?: JsonObject;
}

export interface ReplayOptions extends OpenOptions {
  readonly model?: string;
}

export interface Probe {
  readonly path: string;
  readonly api: Upstream;
  /** Starts a process that is told nothing yet; it ends with the measurement. */
  start(options?: SessionOptions): Session;
  /** Starts a process and sets it up. */
  open(options?: OpenOptions): Promise<Session>;
  /** Writes entries as a transcript and opens a process that resumes after the last of them. */
  replay(entries: readonly JsonObject[], options?: ReplayOptions): Promise<Session>;
  /** A transcript file, written; `file` and `lastUuid` may be given beforehand. */
  write(entries: readonly JsonObject[], at?: Partial<TranscriptPlace>): TranscriptPlace;
  /** A folder that goes with the measurement. */
  makeFolder(): string;
  /** The id that `sonnet` stands for. */
  readonly modelId: string;
}

export interface TranscriptPlace {
  readonly file: string;
  readonly lastUuid: string;
}

/** Measures one fact. @throws Error that says what is different. */
export type Measurement = (probe: Probe) => Promise<void>;

/** The last call of the API. @throws Error when there was none. */
export function lastCall({ api }: Pick<Probe, "api">): ApiCall {
  const call = api.calls.at(-1);
  if (!call) throw new Error("the API was not asked");
  return call;
}

/** A body's part without the cache's marks. */
export function toUnmarked(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (key, held: unknown) => (key === "cache_control" ? undefined : held)),
  );
}

export const text = (words: string): JsonObject => ({ type: "text", text: words });
/** A tool that may run beside others. */
export const tool = (name: string, rest: JsonObject = {}): JsonObject => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: "object", properties: { at: { type: "number" } } },
  annotations: { readOnlyHint: true },
  ...rest,
});
export const toUser = (content: unknown): JsonObject => ({ type: "user", message: { role: "user", content } });
export const toAssistant = (content: readonly JsonObject[], model: string, rest: JsonObject = {}): JsonObject => ({
  type: "assistant",
  message: {
    id: `msg_${randomUUID()}`,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  },
  ...rest,
});

/** The CLI that is measured, and the id that `sonnet` stands for in it. */
export type Measured = Pick<Probe, "path" | "modelId">;

/** Makes the probe of one CLI; whatever it starts ends with the scope. */
export function createProbe({ path, modelId }: Measured, api: Upstream, scope: Scope): Probe {
  function makeFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "probe-"));
    scope.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    return folder;
  }

  function write(entries: readonly JsonObject[], at: Partial<TranscriptPlace> = {}): TranscriptPlace {
    const { file = join(makeFolder(), "history.jsonl"), lastUuid = randomUUID() } = at;
    const sessionId = randomUUID();
    let parentUuid: string | null = null;
    const lines = entries.map((entry, index) => {
      const uuid = index === entries.length - 1 ? lastUuid : randomUUID();
      const timestamp = new Date().toISOString();
      const line = JSON.stringify({ parentUuid, isSidechain: false, ...entry, uuid, sessionId, timestamp });
      parentUuid = uuid;
      return line;
    });
    writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
    return { file, lastUuid };
  }

  const probe: Probe = {
    path,
    api,
    modelId,
    start(options = {}) {
      const session = startSession(path, api.url, options);
      scope.after(() => session.close());
      return session;
    },
    async open({ system = "Be brief.", tools = [], initialize = {}, ...options } = {}) {
      const session = probe.start(options);
      const prompt = "systemPrompt" in initialize ? {} : { systemPrompt: [system] };
      await session.ask({ subtype: "initialize", ...prompt, ...toToolFields(tools), ...initialize });
      return session;
    },
    replay(entries, { model = "sonnet", ...options } = {}) {
      const session = { type: "replay", ...write(entries) } as const;
      return probe.open({ ...options, launch: { ...options.launch, model, session } });
    },
    write,
    makeFolder,
  };
  return probe;
}
