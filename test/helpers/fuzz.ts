/**
 * Sends mutated real requests to a proxy and tells of every answer that no request may have: a server error, a cut, a
 * broken stream.
 */
import { once } from "node:events";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { isObject, parseJson } from "../../src/lib/json.ts";
import { mutate, mutateBytes } from "./mutation.ts";
import { createRandom } from "./random.ts";
import { REAL_REQUESTS } from "./requests.ts";
import type { ApiCall, Step } from "./upstream.ts";

/** A request as bytes. */
export interface Attack {
  /** Makes it again: the same number, the same request. */
  readonly seed: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

export interface Finding {
  readonly attack: Attack;
  readonly what: string;
}

export interface FuzzResult {
  readonly findings: readonly Finding[];
  /** Failures of the model itself, which cannot give what a broken schema asks for. */
  readonly excused: readonly Finding[];
  /** How often each status was answered. */
  readonly statuses: ReadonlyMap<number, number>;
}

export interface FuzzOptions {
  /** The first request's; each later one has the next. */
  readonly seed: number;
  readonly count: number;
  /** Requests at once. */
  readonly clients: number;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const PATIENCE_MS = 90_000;
const PATHS = [...new Set(REAL_REQUESTS.map(({ path }) => path))];
const HEADERS: readonly Readonly<Record<string, string>>[] = [
  { "content-type": "text/plain" },
  { "content-type": "application/json; charset=latin1" },
  { "x-claude-tools": "full" },
  { "x-claude-tools": "," },
  { "x-claude-session": "a b/../c" },
  { "x-request-id": "x".repeat(500) },
  { "content-encoding": "gzip" },
  { authorization: "Bearer" },
  { "anthropic-version": "none", "anthropic-beta": "x,y" },
];

/**
 * The request of a seed: one of a real client's, in most cases broken as JSON, else as bytes, by its headers or its
 * path.
 */
export function createAttack(seed: number): Attack {
  const random = createRandom(seed);
  const real = random.pick(REAL_REQUESTS);
  const body = random.chance(0.9) ? mutate(real.body, random) : real.body;
  const bytes = Buffer.from(JSON.stringify(body) ?? "");
  return {
    seed,
    path: random.chance(0.1) ? random.pick(PATHS) : real.path,
    headers: { "content-type": "application/json", ...(random.chance(0.1) ? random.pick(HEADERS) : {}) },
    bytes: random.chance(0.15) ? mutateBytes(bytes, random) : bytes,
  };
}

/** A value that fits the usual kinds of schema, for a model that does what it is told. */
function toSample(schema: unknown, depth = 0): unknown {
  if (!isObject(schema) || depth > 20) return "sample";
  const { type, properties, items } = schema;
  switch (Array.isArray(type) ? (type as unknown[])[0] : type) {
    case "object":
      return Object.fromEntries(
        Object.entries(isObject(properties) ? properties : {}).map(([key, held]) => [key, toSample(held, depth + 1)]),
      );
    case "array":
      return [toSample(items, depth + 1)];
    case "integer":
    case "number":
      return 1;
    case "boolean":
      return true;
    default:
      return "sample";
  }
}

/** An obedient model: structured output where it is asked for, a call of a client's tool now and then, else words. */
export function answerObediently({ body }: ApiCall, at: number): Iterable<Step> {
  const tools = body.tools ?? [];
  const structured = tools.find(({ name }) => name === "StructuredOutput");
  if (structured) return [{ tool: structured.name, input: toSample(structured.input_schema) }];
  const client = tools.find(({ name }) => name.startsWith("mcp__client__"));
  if (client && at % 3 === 0)
    return [{ text: "Calling." }, { tool: client.name, input: toSample(client.input_schema) }];
  return [{ thinking: "Hm." }, { text: ["Hello", " world"] }];
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function send(url: string, attack: Attack, agent: Agent): Promise<Answer> {
  const sent = request(`${url}${attack.path}`, {
    method: "POST",
    agent,
    headers: { ...attack.headers, "content-length": attack.bytes.length },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  sent.end(attack.bytes);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const type = String(response.headers["content-type"]);
  return { status: response.statusCode ?? 0, type, text: await readAll(response) };
}

/** The last event of a stream that has come to its end, by protocol. */
const STREAM_ENDS = /data: \[DONE\]|event: message_stop|event: response\.(completed|incomplete|failed)|event: error/;

/** The trouble with an error: it has to be the protocol's envelope. */
function judgeError(path: string, text: string): string | undefined {
  const body = parseJson(text);
  const error = isObject(body) ? body["error"] : undefined;
  if (!isObject(error) || typeof error["message"] !== "string" || error["message"] === "")
    return `no error envelope: ${text.slice(0, 200)}`;
  if (path.startsWith("/v1/messages") && isObject(body) && body["type"] !== "error") return "not Anthropic's envelope";
  return undefined;
}

/** A model that cannot give what a broken schema asks for fails by itself; the demand is in the request. */
const isModelsOwn = (attack: Attack, text: string): boolean =>
  /schema|tool_choice|function_call|json_object/.test(attack.bytes.toString()) &&
  /JSON|schema|structured|call/i.test(text);

/** The trouble with an answer; nothing when it is as it may be. */
function judge({ path }: Attack, { status, type, text }: Answer): string | undefined {
  if (status >= 500) return `status ${status}: ${text.slice(0, 300)}`;
  if (status >= 400) return judgeError(path, text);
  if (!type.startsWith("text/event-stream"))
    return isObject(parseJson(text)) ? undefined : "a whole answer that is no JSON";
  if (!STREAM_ENDS.test(text.slice(-2000))) return `a stream without an end: ${text.slice(-300)}`;
  const failed = /"error":\{[^}]*\}|event: error\ndata: .*/.exec(text)?.[0];
  return failed === undefined ? undefined : `an error in the stream: ${failed.slice(0, 300)}`;
}

/** Sends the requests of the seeds in order, some at once. Settles when all are answered. */
export async function fuzz(url: string, { seed, count, clients }: FuzzOptions): Promise<FuzzResult> {
  const [findings, excused]: [Finding[], Finding[]] = [[], []];
  const statuses = new Map<number, number>();
  let next = seed;

  async function attackOnce(agent: Agent): Promise<void> {
    const attack = createAttack(next++);
    try {
      const answer = await send(url, attack, agent);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const what = judge(attack, answer);
      if (what !== undefined) (isModelsOwn(attack, answer.text) ? excused : findings).push({ attack, what });
    } catch (error) {
      findings.push({ attack, what: `no answer: ${String(error)}` });
    }
  }

  async function work(): Promise<void> {
    const agent = new Agent({ keepAlive: true });
    while (next < seed + count) await attackOnce(agent);
    agent.destroy();
  }
  await Promise.all(Array.from({ length: clients }, work));
  return { findings, excused, statuses };
}

/** A finding as text: its seed, the trouble, and the request as curl would send it. */
export function formatFinding({ attack, what }: Finding): string {
  const headers = Object.entries(attack.headers).map(([name, value]) => `${name}: ${value}`);
  return [`seed ${attack.seed}: ${what}`, `  POST ${attack.path}`, ...headers.map((line) => `  ${line}`)]
    .concat(`  ${attack.bytes.toString().slice(0, 2000)}`)
    .join("\n");
}
