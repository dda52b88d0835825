/** What every protocol must hold, whatever its wire form: `checkCodec` declares the tests for one codec. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import type { Codec, Decoded } from "../../src/codec/codec.ts";
import { HTTP_STATUS, ProxyError } from "../../src/core/error.ts";
import type { ErrorKind } from "../../src/core/error.ts";
import type { AnswerEvent } from "../../src/core/event.ts";
import { createFold } from "../../src/core/reply.ts";
import type { Turn } from "../../src/core/turn.ts";
import { isObject } from "../../src/lib/json.ts";
import type { JsonObject } from "../../src/lib/json.ts";
import type { SseFrame } from "../../src/lib/sse.ts";
import { finish } from "../../src/lib/work.ts";
import { START } from "../core/sample.ts";
import { measureCpuMs } from "../helpers/cpu.ts";
import { toStreamedContent, toWholeContent } from "./content.ts";
import { FULL_BODY, MINIMAL_BODY, toFuzzedBodies } from "./fuzz.ts";
import { TO_CALLS, TO_PARTS, toCrowd, toDeep, toManyParts, toManyTools } from "./load.ts";
import { ANSWERS } from "./sample.ts";
import { EMPTY_STORE, META, readFrames } from "./wire.ts";

const KINDS = Object.keys(HTTP_STATUS) as ErrorKind[];
const FUZZED = 600;

const objects = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const string = (value: unknown): string => (typeof value === "string" ? value : "");
const inner = (holder: JsonObject | undefined, key: string): JsonObject => {
  const value = holder?.[key];
  return isObject(value) ? value : {};
};

/** Protocols that are asked with a prompt, not with messages. */
const PROMPTED = new Set(["/api/generate", "/v1/completions"]);

/** The body for this protocol: with a prompt, or in a form its messages can have. */
function toBodyFor({ path }: Codec, body: object): object {
  if (PROMPTED.has(path)) return { prompt: "hi", ...body };
  return path === "/api/chat" && body === FULL_BODY ? { ...body, messages: MINIMAL_BODY.messages } : body;
}

/** The text of one message of Ollama's, which is a piece of the answer or all of it. */
function toOllamaText(value: JsonObject): string {
  return string(value["response"]) + string(inner(value, "message")["content"]);
}

/** The piece of the answer's text that a frame brings, in any of the protocols. */
function toTextDelta({ data }: SseFrame): string {
  if (data === "[DONE]") return "";
  const value = JSON.parse(data) as JsonObject;
  if ("done" in value) return toOllamaText(value);
  const [choice] = objects(value["choices"]);
  if (choice) return string(inner(choice, "delta")["content"]) + string(choice["text"]);
  if (value["type"] === "response.output_text.delta") return string(value["delta"]);
  if (value["type"] === "content_block_delta") return string(inner(value, "delta")["text"]);
  return "";
}

/** The text of a whole answer, in any of the protocols. */
function toReplyText(reply: unknown): string {
  assert.ok(isObject(reply));
  if ("done" in reply) return toOllamaText(reply);
  const [choice] = objects(reply["choices"]);
  if (choice) return string(inner(choice, "message")["content"]) + string(choice["text"]);
  const blocks = [...objects(reply["content"]), ...objects(reply["output"]).flatMap(({ content }) => objects(content))];
  return blocks.map(({ type, text }) => (type === "text" || type === "output_text" ? string(text) : "")).join("");
}

/** What a frame is, apart from what it carries. */
function toKind({ event, data }: SseFrame): string {
  const isEnd = data === "[DONE]" || (JSON.parse(data) as JsonObject)["done"] === true;
  return event ?? (isEnd ? "end" : "data");
}

function encodeAll(codec: Codec, form: unknown, events: readonly AnswerEvent[]): SseFrame[] {
  const { encode } = codec.createEncoder(form, META);
  return readFrames(codec, events.map((event) => encode(event)).join(""));
}

function encodeWhole(codec: Codec, form: unknown, events: readonly AnswerEvent[]): unknown {
  const fold = createFold();
  fold.add(events);
  return codec.encodeReply(fold.reply, form, META);
}

/** What a turn promises to those who play it. */
function checkTurn(turn: Turn): void {
  const roles = turn.messages.map(({ role }) => role);
  assert.equal(roles.at(-1), "user");
  assert.ok(
    roles.every((role, at) => role !== "user" || roles[at + 1] !== "user"),
    "no two user messages stand side by side",
  );
  assert.ok(turn.messages.every(({ content }) => content.length > 0));
  assert.ok(turn.stop.length <= 4 && turn.stop.every((sequence) => sequence !== ""));
  const names = turn.tools.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  const { toolChoice } = turn;
  if (typeof toolChoice === "object") assert.ok(names.includes(toolChoice.name));
  if (toolChoice === "required") assert.ok(names.length > 0);
  const calls = turn.messages.flatMap(({ content }) =>
    content.flatMap((part) => (part.type === "call" || part.type === "result" ? part.id : [])),
  );
  assert.ok(calls.every((id) => /^[A-Za-z0-9]+$/.test(id)));
}

function decodeOrRefusal(codec: Codec, body: unknown): Decoded<unknown> | ProxyError {
  try {
    return finish(codec.decode(body, EMPTY_STORE));
  } catch (error) {
    if (error instanceof ProxyError) return error;
    throw new Error(`${String(error)} at ${inspect(body).slice(0, 300)}`, { cause: error });
  }
}

function checkEncoder(codec: Codec, form: unknown): void {
  const { path } = codec;

  test(`${path}: the first start gives frames, a second one none`, () => {
    const { encode } = codec.createEncoder(form, META);
    assert.ok(encode(START).length > 0);
    assert.equal(encode(START), "");
    assert.equal(encode({ type: "start", model: "another" }), "");
  });

  test(`${path}: the deltas of every answer join exactly to the text of the whole answer`, () => {
    for (const [name, events] of Object.entries(ANSWERS)) {
      const text = events.map((event) => (event.type === "text" ? event.text : "")).join("");
      assert.equal(encodeAll(codec, form, events).map(toTextDelta).join(""), text, name);
      assert.equal(toReplyText(encodeWhole(codec, form, events)), text, name);
    }
  });

  test(`${path}: a streamed answer has the content of the whole one, in the same parts and order`, () => {
    for (const [name, events] of Object.entries(ANSWERS)) {
      const streamed = toStreamedContent(encodeAll(codec, form, events));
      assert.deepEqual(streamed, toWholeContent(encodeWhole(codec, form, events)), name);
    }
  });

  test(`${path}: the end of every answer ends the stream, once and last`, () => {
    for (const [name, events] of Object.entries(ANSWERS)) {
      const kinds = encodeAll(codec, form, events).map(toKind);
      const last = kinds.at(-1) ?? "";
      assert.notEqual(last, "data", name);
      assert.equal(kinds.indexOf(last), kinds.length - 1, name);
    }
  });

  test(`${path}: every frame is one line of JSON, or a bare end`, () => {
    for (const { data } of Object.values(ANSWERS).flatMap((events) => encodeAll(codec, form, events))) {
      assert.doesNotMatch(data, /[\r\n]/);
      assert.ok(data === "[DONE]" || isObject(JSON.parse(data)));
    }
  });

  test(`${path}: encoding is pure: same input, same output, and encoders know nothing of each other`, () => {
    for (const events of Object.values(ANSWERS)) {
      assert.deepEqual(encodeAll(codec, form, events), encodeAll(codec, form, events));
      assert.deepEqual(encodeWhole(codec, form, events), encodeWhole(codec, form, events));
      const [one, other] = [codec.createEncoder(form, META).encode, codec.createEncoder(form, META).encode];
      for (const event of events) assert.deepEqual(one(event), other(event));
    }
  });

  test(`${path}: the model that answered, the id and the token counts are in the whole answer`, () => {
    const wire = JSON.stringify(encodeWhole(codec, form, ANSWERS.text));
    const id = path.startsWith("/api/") ? [] : [META.id];
    for (const held of ["claude-sonnet-5-5", ...id, ":13"]) assert.ok(wire.includes(held), held);
  });
}

function checkErrors(codec: Codec, form: unknown): void {
  test(`${codec.path}: every kind of error is worded, as a whole and in a stream`, () => {
    for (const kind of KINDS) {
      const error = new ProxyError(kind, `Words about ${kind}`);
      const whole = codec.encodeError(error);
      assert.ok(isObject(whole));
      const { message, type } = inner(whole, "error");
      // Ollama's errors are the sentence alone.
      assert.equal(message ?? whole["error"], `Words about ${kind}`);
      if (isObject(whole["error"])) assert.match(string(type), /^[a-z_]+$/, kind);
      const frames = readFrames(codec, codec.createEncoder(form, META).fail(error));
      assert.ok(
        frames.some(({ data }) => data.includes(`Words about ${kind}`)),
        kind,
      );
      assert.ok(
        frames.every(({ data }) => data === "[DONE]" || isObject(JSON.parse(data))),
        kind,
      );
    }
  });
}

function checkDecoder(codec: Codec): void {
  const { path } = codec;

  test(`${path}: a full request and the smallest one are read`, () => {
    for (const body of [MINIMAL_BODY, FULL_BODY])
      checkTurn(finish(codec.decode(toBodyFor(codec, body), EMPTY_STORE)).turn);
  });

  test(`${path}: ${FUZZED} broken requests are read, or refused with the field's name, and never anything else`, () => {
    let refused = 0;
    for (const body of toFuzzedBodies(FUZZED)) {
      const read = decodeOrRefusal(codec, isObject(body) ? toBodyFor(codec, body) : body);
      if (!(read instanceof ProxyError)) {
        checkTurn(read.turn);
        continue;
      }
      refused++;
      assert.equal(read.kind, "invalid_request");
      assert.ok(read.param, read.message);
      assert.ok(read.message.length < 500, read.message);
    }
    assert.ok(refused > FUZZED / 10 && refused < FUZZED, `${refused} were refused`);
  });

  test(`${path}: decoding is pure: same body, same turn or refusal, and the body is left as it was`, () => {
    for (const held of [MINIMAL_BODY, FULL_BODY, ...toFuzzedBodies(100)]) {
      const body = isObject(held) ? toBodyFor(codec, held) : held;
      const before = JSON.stringify(body);
      const [first, second] = [decodeOrRefusal(codec, body), decodeOrRefusal(codec, body)];
      if (first instanceof ProxyError) assert.equal(first.message, second instanceof ProxyError ? second.message : "");
      else assert.deepEqual(first, second);
      assert.equal(JSON.stringify(body), before);
    }
  });
}

/** Most of each that one request may hold. */
const MOST = { messages: 10_000, parts: 10_000, tools: 1000 };
/** CPU time for the largest requests that are served, in milliseconds. In quadratic time they took 13 s and more. */
const LARGE_MS = 3000;

function paramOf(codec: Codec, body: object): string | undefined {
  const read = decodeOrRefusal(codec, toBodyFor(codec, body));
  return read instanceof ProxyError ? read.param : undefined;
}

/** For protocols that are asked with messages. */
function checkCounts(codec: Codec): void {
  const toParts = TO_PARTS[codec.path] ?? toManyParts;

  test(`${codec.path}: messages, parts and tools are counted, and too many are refused by name`, () => {
    assert.equal(paramOf(codec, toCrowd(MOST.messages)), undefined);
    assert.match(paramOf(codec, toCrowd(MOST.messages + 1)) ?? "", /^(messages|input)$/);
    assert.equal(paramOf(codec, toParts(MOST.parts)), undefined);
    assert.match(paramOf(codec, toParts(MOST.parts + 1)) ?? "", /^(messages|input)\[0\]\.(content|images)$/);
    assert.equal(paramOf(codec, toManyTools(MOST.tools)), undefined);
    assert.equal(paramOf(codec, toManyTools(MOST.tools + 1)), "tools");
  });
}

function countPauses(codec: Codec, body: object): number {
  const work = codec.decode(body, EMPTY_STORE);
  let pauses = 0;
  while (work.next().done !== true) pauses++;
  return pauses;
}

function checkPauses(codec: Codec, toCalls: (count: number) => object): void {
  const { path } = codec;
  test(`${path}: a large request is read with a pause after each message, call and result`, () => {
    assert.ok(countPauses(codec, toCrowd(10_000)) >= 10_000);
    assert.ok(countPauses(codec, toCalls(4000)) >= 8000);
  });

  // An image of Ollama's is a text, and its message has no other parts.
  if (!TO_PARTS[path])
    test(`${path}: a message of many parts is read with a pause after each`, () => {
      assert.ok(countPauses(codec, toManyParts(10_000)) >= 10_000);
    });
}

/** A list of more items than a call takes arguments and fewer than a body may hold; a body of more fields than that. */
interface Long {
  readonly items: readonly string[];
  readonly wide: object;
}

let long: Long | undefined;

/** Made once, for all codecs: it takes most of a second. */
function toLong(): Long {
  if (long) return long;
  const fields = Array.from({ length: 300_000 }, (_, at) => [`field${at}`, "x"] as const);
  const wide = { ...MINIMAL_BODY, ...Object.fromEntries(fields) };
  return (long = { items: Array.from({ length: 200_000 }, () => "x"), wide });
}

function checkSize(codec: Codec): void {
  const { path } = codec;
  const isPrompted = PROMPTED.has(path);
  const toParts = TO_PARTS[path] ?? toManyParts;

  test(`${path}: the time of a large request grows with its size, not with its square`, () => {
    const toCalls = isPrompted ? toCrowd : TO_CALLS[path];
    assert.ok(toCalls, "the codec has no calls in test/codec/load.ts");
    for (const body of [toCrowd(40_000), toCalls(20_000), toParts(40_000), toManyTools(MOST.tools)]) {
      const ms = measureCpuMs(() => void decodeOrRefusal(codec, body));
      assert.ok(ms < LARGE_MS, `${ms} ms for ${JSON.stringify(body).slice(0, 200)}`);
    }
  });

  test(`${path}: a value that is nested deeper than a stack can hold is refused by name, wherever it stands`, () => {
    const deep = toDeep(20_000);
    for (const name of ["model", "messages", "input", "tools", "text", "thinking", "reasoning", "metadata", "invented"])
      assert.equal(paramOf(codec, { ...MINIMAL_BODY, [name]: deep }), name);
    for (const holder of [{ x: deep }, { type: "tool_use", id: "a", name: "b", input: { x: deep } }]) {
      const messages = [{ role: "assistant", content: [holder] }];
      assert.equal(paramOf(codec, { ...MINIMAL_BODY, messages, input: "hi" }), "messages");
      assert.equal(paramOf(codec, { ...MINIMAL_BODY, input: [holder] }), "input");
    }
  });

  test(`${path}: a list of more items than a call takes arguments is read or refused, wherever it stands`, () => {
    const { items, wide } = toLong();
    const content = [{ role: "user", content: items }];
    const names = ["model", "messages", "input", "tools", "system", "stop", "include", "metadata", "invented"];
    for (const name of names) decodeOrRefusal(codec, { ...MINIMAL_BODY, [name]: items });
    decodeOrRefusal(codec, { ...MINIMAL_BODY, messages: content, input: content });
    assert.equal(paramOf(codec, { ...MINIMAL_BODY, invented: [...items, ...items] }), "invented");
    assert.equal(paramOf(codec, { ...MINIMAL_BODY, one: items, other: items }), "other");
    assert.equal(paramOf(codec, wide), "body");
  });
}

/** Declares the tests for one codec. */
export function checkCodec(codec: Codec): void {
  checkSize(codec);
  const toCalls = TO_CALLS[codec.path];
  if (toCalls) checkPauses(codec, toCalls);
  if (!PROMPTED.has(codec.path)) checkCounts(codec);
  const { form } = finish(codec.decode(toBodyFor(codec, MINIMAL_BODY), EMPTY_STORE));
  checkEncoder(codec, form);
  checkErrors(codec, form);
  checkDecoder(codec);
}
