/**
 * The requests of VS Code's Ollama provider and of Home Assistant, in the form that their source gives them. Sources:
 * `ollamaProvider.ts` of microsoft/vscode-copilot-chat, `ollama/entity.py` of home-assistant/core.
 */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { startProxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--spares", "0"] });
beforeEach(() => upstream.reset());

interface Shown {
  readonly model_info: Readonly<Record<string, unknown>>;
  readonly capabilities: readonly string[];
}

interface Line {
  readonly message: {
    readonly content: string;
    readonly thinking?: string;
    readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: object } }[];
  };
  readonly done: boolean;
}

const get = async <T>(path: string): Promise<T> => (await (await fetch(`${proxy.url}${path}`)).json()) as T;

const post = (path: string, body: object): Promise<Response> =>
  fetch(`${proxy.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

test("VS Code: version, tags, each model shown, and a chat in OpenAI's form under a name of that list", async () => {
  const { version } = await get<{ version: string }>("/api/version");
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  assert.ok(major > 0 || minor > 6 || (minor === 6 && patch >= 4), version);
  const { models } = await get<{ models: { model: string }[] }>("/api/tags");
  for (const { model } of models) {
    const shown = (await (await post("/api/show", { model })).json()) as Shown;
    const { "general.architecture": family, "general.basename": name } = shown.model_info;
    assert.ok(Number(shown.model_info[`${String(family)}.context_length`]) >= 200_000, model);
    assert.match(String(name), /\w/);
    assert.ok(shown.capabilities.includes("vision") && shown.capabilities.includes("tools"));
  }
  const asked = models.find(({ model }) => model === "claude-sonnet-4:latest") ?? assert.fail("no Sonnet");
  const answer = await post("/v1/chat/completions", {
    model: asked.model,
    messages: [{ role: "user", content: "hi" }],
    stream: true,
  });
  assert.match(await answer.text(), /Hello.*\[DONE\]/s);
  // The family, and not a model of that name.
  const plain = await post("/v1/chat/completions", {
    model: "claude-sonnet-4",
    messages: [
      { role: "user", content: "hi" },
      { role: "assistant", content: "Hello world" },
      { role: "user", content: "hello" },
    ],
  });
  assert.equal(plain.status, 200);
  assert.equal(upstream.calls[0]?.body.model, upstream.calls[1]?.body.model);
});

/** The lines of an answer. */
async function ask(messages: readonly object[], rest: object = {}): Promise<Line[]> {
  const response = await post("/api/chat", {
    model: "claude-haiku-4:latest",
    messages,
    tools: [
      {
        type: "function",
        function: {
          name: "HassTurnOn",
          description: "Turns on/opens a device or entity",
          parameters: {
            type: "object",
            properties: {
              name: { type: "string" },
              domain: { type: "array", items: { type: "string" } },
              device_class: { type: "array", items: { type: "string", enum: ["door", "window"] } },
            },
            required: [],
          },
        },
      },
    ],
    stream: true,
    options: { num_ctx: 8192 },
    keep_alive: -1,
    think: false,
    ...rest,
  });
  assert.equal(response.status, 200);
  return (await response.text())
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

test("Home Assistant: tools are called, and results that name no call are told in their order", async () => {
  const rooms = ["Kitchen", "Hall"];
  upstream.answer((_call, at) =>
    at === 0
      ? rooms.map((name) => ({ tool: "mcp__client__HassTurnOn", input: { name, domain: ["light"] } }))
      : [{ text: "Both are on" }],
  );
  const messages: object[] = [
    { role: "system", content: "You are a voice assistant for Home Assistant." },
    { role: "user", content: "Turn on the lights" },
  ];
  const lines = await ask(messages);
  const calls = lines.flatMap(({ message }) => message.tool_calls ?? []);
  assert.deepEqual(
    calls.map((call) => call.function.arguments),
    rooms.map((name) => ({ name, domain: ["light"] })),
  );
  messages.push(
    { role: "assistant", tool_calls: calls.map((call) => ({ function: call.function })) },
    ...rooms.map((name) => ({ role: "tool", content: JSON.stringify({ data: { name }, error: null }) })),
  );
  const last = await ask(messages);
  assert.equal(last.map(({ message }) => message.content).join(""), "Both are on");
  assert.equal(last.at(-1)?.done, true);
  const told = JSON.stringify((await upstream.called(2)).body.messages.findLast(({ role }) => role === "user"));
  assert.ok(told.indexOf("Kitchen") < told.indexOf("Hall") && told.includes("tool_result"), told);
});

test("Home Assistant: an answer in the form of a schema", async () => {
  upstream.answer((call) => [{ tool: call.body.tools?.at(-1)?.name ?? "", input: { colour: "blue" } }]);
  const format = { type: "object", properties: { colour: { type: "string" } }, required: ["colour"] };
  const lines = await ask([{ role: "user", content: "The sky's colour" }], { format, tools: undefined });
  assert.deepEqual(JSON.parse(lines.map(({ message }) => message.content).join("")), { colour: "blue" });
});
