/** Tool conversations in the very shapes that agent clients send. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { assistant, readStream, user } from "../helpers/answer.ts";
import { readStarts } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import { NO_SPARES } from "../helpers/session.ts";
import { ask, call, foldCalls, inTurn, lastBlocks, result, textResult } from "../helpers/tools.ts";
import { startUpstream, toPlainMessages } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: NO_SPARES });
beforeEach(() => upstream.reset());

const SYSTEM = { role: "system", content: "You are an agent." };
const TOOLS = ["read", "write", "bash"].map((name) => ({
  type: "function",
  function: {
    name,
    description: `${name} something`,
    parameters: {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      properties: { path: { type: "string", description: "where" } },
      required: ["path"],
      additionalProperties: false,
    },
  },
}));
const text = (words: string): object => ({ type: "text", text: words });
const use = (id: string, name: string, path: string): object => ({
  type: "tool_use",
  id,
  name: `mcp__client__${name}`,
  input: { path },
});

interface Streamed {
  readonly text: string;
  readonly calls: { id: string; name: string; json: string }[];
  readonly usage: unknown;
}

/** Asks as all six agent CLIs do: streaming, with usage at the end. */
async function stream(body: object): Promise<Streamed> {
  const response = await proxy.chat({
    model: "claude-sonnet-4",
    stream: true,
    stream_options: { include_usage: true },
    ...body,
  });
  assert.equal(response.status, 200);
  const { chunks, text: said, data } = await readStream(response);
  assert.equal(data.at(-1), "[DONE]");
  const last = chunks.at(-1);
  assert.deepEqual(last?.choices, []);
  return { text: said, calls: foldCalls(chunks), usage: last?.usage };
}

/** The assistant message a client keeps of a streamed answer. */
function keep(answer: Streamed, content: string | null, toId = (id: string): string => id): object {
  const tool_calls = answer.calls.map(({ id, name, json }) => ({
    id: toId(id),
    type: "function",
    function: { name, arguments: json },
  }));
  return { role: "assistant", content, tool_calls };
}

/** How the processes began that were started since the log had `known`. */
const startedSince = (known: number): string[] =>
  readStarts(proxy)
    .slice(known)
    .map(({ as }) => as);

/** What the last test has said and heard, and a process knows: the next one goes on with it. */
let said: readonly object[] = [SYSTEM];

test("opencode, qwen and cline: content null or empty beside tool_calls goes on in one process", async () => {
  upstream.answer(inTurn([call("read", { path: "a" }, "toolu_q1")], [call("write", { path: "b" }, "toolu_q2")]));
  const messages: object[] = [SYSTEM, user([{ type: "text", text: "fix it" }])];
  const body = { tools: TOOLS, tool_choice: "auto", max_tokens: 32_000 };
  for (const [id, content] of [
    ["tooluq1", null],
    ["tooluq2", ""],
  ] as const) {
    const answer = await stream({ ...body, messages });
    assert.deepEqual(
      answer.calls.map((made) => made.id),
      [id],
    );
    assert.ok(answer.usage);
    messages.push(keep(answer, content), result(id, [{ type: "text", text: `of ${id}` }]));
  }
  assert.equal((await stream({ ...body, messages })).text, "done");
  assert.deepEqual(toPlainMessages(upstream.calls[2]), [
    { role: "user", content: [text("fix it")] },
    { role: "assistant", content: [use("toolu_q1", "read", "a")] },
    { role: "user", content: [textResult("toolu_q1", "of tooluq1")] },
    { role: "assistant", content: [use("toolu_q2", "write", "b")] },
    { role: "user", content: [textResult("toolu_q2", "of tooluq2")] },
  ]);
  assert.deepEqual(startedSince(0), ["fresh"]);
  const offered = upstream.calls[0]?.body.tools?.find(({ name }) => name === "mcp__client__read");
  assert.deepEqual(offered?.input_schema, TOOLS[0]?.function.parameters);
  said = [...messages, assistant("done")];
});

test("names on messages and fields that ask for nothing change nothing", async () => {
  upstream.answer(inTurn([{ text: "One moment." }, call("read", { path: "a" }, "toolu_n1")]));
  const known = readStarts(proxy).length;
  const messages = [...said, user("go")].map((message, at) => ({ ...message, name: `someone${at}` }) as object);
  const body = { tools: TOOLS, store: false, metadata: {}, user: "ann", n: 1, parallel_tool_calls: true };
  const first = await ask(proxy, { ...body, messages });
  messages.push({ ...first.message, name: "helper" }, result("toolun1", "file a", { name: "read" }));
  const second = await ask(proxy, { ...body, messages });
  assert.equal(second.message.content, "done");
  assert.deepEqual(lastBlocks(upstream.calls[1]), [textResult("toolu_n1", "file a")]);
  assert.deepEqual(startedSince(known), []);
  said = [...messages, assistant("done")];
});

test("a request for a title leaves the conversation beside it as it is", async () => {
  upstream.answer(({ body }) => {
    if (body.system?.some((block) => block.text.includes("title"))) return [{ text: "A title" }];
    return JSON.stringify(body.messages).includes("toolu_t1")
      ? [{ text: "done" }]
      : [call("read", { path: "a" }, "toolu_t1")];
  });
  const known = readStarts(proxy).length;
  const messages: object[] = [...said, user("go")];
  const title = stream({ messages: [{ role: "system", content: "Give a title." }, user("go")] });
  const main = await stream({ messages, tools: TOOLS });
  assert.equal((await title).text, "A title");
  messages.push(keep(main, null), result("toolut1", "file a"));
  assert.equal((await stream({ messages, tools: TOOLS })).text, "done");
  assert.deepEqual(startedSince(known), ["fresh"]);
  const titles = upstream.calls.filter(({ body }) => JSON.stringify(body.system).includes("title"));
  assert.deepEqual(
    titles.map(({ body }) => body.tools ?? []),
    [[]],
  );
  said = [...messages, assistant("done")];
});

test("tools that the server runs at OpenAI are left out and named", async () => {
  const tools = [{ type: "web_search" }, ...TOOLS, { type: "custom", custom: { name: "patch" } }];
  const response = await proxy.chat({ model: "sonnet", messages: [...said, user("and?")], tools });
  assert.equal(response.status, 200);
  // The history has names, which an earlier test gave its messages.
  assert.equal(response.headers.get("x-ignored-parameters"), "tools[0], tools[4], messages[0].name");
  await response.text();
  assert.equal(upstream.calls[0]?.body.tools?.length, TOOLS.length);
});

test("OpenClaw: context that comes and goes behind the prompt and the results, and ids rewritten", async () => {
  upstream.answer(inTurn([call("read", { path: "a" }, "toolu_o-1")], [call("bash", { path: "b" }, "toolu_o-2")]));
  const context = (at: number): object => user(`internal context ${at}`);
  const history: object[] = [{ role: "developer", content: "You are OpenClaw." }, user("help me")];
  const body = { tools: TOOLS, store: false, max_completion_tokens: 8192 };

  const first = await stream({ ...body, messages: [...history, context(1)] });
  assert.deepEqual(lastBlocks(upstream.calls[0]), [text("help me"), text("internal context 1")]);
  const rewrite = (id: string): string => id.replace("toolu", "call");
  history.push(keep(first, null, rewrite), result(rewrite(first.calls[0]?.id ?? ""), "file a", { name: "read" }));
  const second = await stream({ ...body, messages: [...history, context(2)] });
  assert.deepEqual(toPlainMessages(upstream.calls[1]), [
    { role: "user", content: [text("help me")] },
    { role: "assistant", content: [use("callo1", "read", "a")] },
    { role: "user", content: [textResult("callo1", "file a"), text("internal context 2")] },
  ]);
  history.push(keep(second, null, rewrite), result(rewrite(second.calls[0]?.id ?? ""), "ran b", { name: "bash" }));
  const third = await stream({ ...body, messages: [...history, context(3)] });
  assert.equal(third.text, "done");
  assert.deepEqual(toPlainMessages(upstream.calls[2]), [
    { role: "user", content: [text("help me")] },
    { role: "assistant", content: [use("callo1", "read", "a")] },
    { role: "user", content: [textResult("callo1", "file a")] },
    { role: "assistant", content: [use("callo2", "bash", "b")] },
    { role: "user", content: [textResult("callo2", "ran b"), text("internal context 3")] },
  ]);
});
