/** Chat messages of every role and spelling, as the neutral conversation; and those that make none. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFold, toMessages } from "../../../src/core/reply.ts";
import { START, USAGE } from "../../core/sample.ts";
import { assistant, call, checkRefused, HI, read, result } from "./request.ts";

const PNG = "data:image/png;base64,iVBORw0KGgo=";
const PDF = "data:application/pdf;base64,JVBERi0xLjQ=";
const ask = (...messages: readonly unknown[]) => read({ messages });
const user = (...content: readonly object[]) => ({ role: "user", content });
const texts = (...words: readonly string[]) => words.map((text) => ({ type: "text", text }));

test("system and developer texts are the system prompt, wherever they stand and in their order", () => {
  const turn = ask(
    { role: "system", content: "one" },
    HI,
    { role: "developer", content: texts("two", "three") },
    { role: "system", content: " " },
  );
  assert.equal(turn.system, "one\n\ntwo\nthree");
  assert.deepEqual(turn.messages, [user(...texts("hi"))]);
});

test("content is a string or a list of parts, and both mean the same", () => {
  assert.deepEqual(ask({ role: "user", content: "hi" }), ask(user(...texts("hi"))));
  const [first, last] = [
    ask(HI, { role: "assistant", content: "yes" }, HI),
    ask(HI, { role: "assistant", content: texts("yes") }, HI),
  ];
  assert.deepEqual(first, last);
});

test("user messages side by side are one, and parts that are empty are left out", () => {
  assert.deepEqual(ask(HI, { role: "user", content: "" }, { role: "user", content: texts("a", "", "b") }).messages, [
    user(...texts("hi", "a", "b")),
  ]);
});

test("a name on a message changes nothing and is named once; that of a tool's message is the tool's", () => {
  const named = ask(HI, { role: "assistant", content: "a", name: "it" }, { ...HI, name: "me" });
  const plain = ask(HI, { role: "assistant", content: "a" }, HI);
  assert.deepEqual(named, { ...plain, ignored: ["messages[1].name"] });
  assert.deepEqual(ask({ ...HI, name: null }).ignored, []);
  assert.deepEqual(ask(HI, assistant(call("a", "f")), { ...result("a"), name: "f" }).ignored, []);
});

test("images come by data URL or by http(s) URL, as an object or as the bare URL", () => {
  const image = (source: object) => ask(user({ type: "text", text: "see" }, source)).messages[0]?.content[1];
  const base64 = { type: "image", source: { type: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } };
  assert.deepEqual(image({ type: "image_url", image_url: { url: PNG, detail: "high" } }), base64);
  assert.deepEqual(image({ type: "image_url", image_url: PNG }), base64);
  const url = "https://example.com/a.png?x=1,2;base64";
  assert.deepEqual(image({ type: "image_url", image_url: { url } }), { type: "image", source: { type: "url", url } });
});

test("the media type of an image is read in any case, with parameters, and as jpg", () => {
  for (const head of ["data:image/jpg;base64,", "DATA:IMAGE/JPEG;BASE64,", "data:image/jpeg;charset=x;base64,"]) {
    const turn = ask(user({ type: "image_url", image_url: { url: `${head}/9j/` } }));
    assert.deepEqual(
      turn.messages[0]?.content,
      [{ type: "image", source: { type: "base64", mediaType: "image/jpeg", data: "/9j/" } }],
      head,
    );
  }
});

test("a file is a PDF or a text, with the name it came under", () => {
  const file = (held: object) => ask(user({ type: "file", file: held })).messages[0]?.content[0];
  const source = { type: "base64", mediaType: "application/pdf", data: "JVBERi0xLjQ=" };
  assert.deepEqual(file({ filename: "a.pdf", file_data: PDF }), { type: "document", source, title: "a.pdf" });
  assert.deepEqual(file({ file_data: PDF }), { type: "document", source });
  const text = `data:text/csv;base64,${Buffer.from("é,ü\n").toString("base64")}`;
  assert.deepEqual(file({ filename: "a.csv", file_data: text }), {
    type: "document",
    source: { type: "text", text: "é,ü\n" },
    title: "a.csv",
  });
});

test("tool calls and their results are matched on letters and digits only", () => {
  const turn = ask(
    HI,
    assistant(call("call_a-1", "f", '{"x":1}'), call("call_b", "g", "")),
    result("callb"),
    result("call_a1", "ok"),
  );
  assert.deepEqual(turn.messages.slice(1), [
    {
      role: "assistant",
      content: [
        { type: "call", id: "calla1", name: "f", input: { x: 1 } },
        { type: "call", id: "callb", name: "g", input: {} },
      ],
    },
    {
      role: "user",
      content: [
        { type: "result", id: "callb", content: texts("done"), isError: false },
        { type: "result", id: "calla1", content: texts("ok"), isError: false },
      ],
    },
  ]);
});

test("an assistant's content beside calls may be null, empty, absent or text", () => {
  const contents = [null, "", undefined, []].map(
    (content) => ask(HI, { ...assistant(call("a", "f")), content }, result("a")).messages[1],
  );
  for (const message of contents)
    assert.deepEqual(message, { role: "assistant", content: [{ type: "call", id: "a", name: "f", input: {} }] });
  const [, spoken] = ask(HI, { ...assistant(call("a", "f")), content: "Let me look" }, result("a")).messages;
  assert.deepEqual(
    spoken?.content.map(({ type }) => type),
    ["text", "call"],
  );
});

test("arguments may be absent, null or blank", () => {
  for (const args of [undefined, null, "", " ", "{}"]) {
    const held = { id: "a", type: "function", function: { name: "f", arguments: args } };
    assert.deepEqual(ask(HI, assistant(held), result("a")).messages[1]?.content, [
      { type: "call", id: "a", name: "f", input: {} },
    ]);
  }
});

test("arguments that are not an object's JSON are an empty object, as in the answer that they are from", () => {
  for (const args of ['{"city": "Zür', "[]", "1", "null", "x"]) {
    const fold = createFold();
    fold.add([
      START,
      { type: "call", index: 0, id: "a", name: "f" },
      { type: "arguments", index: 0, json: args },
      { type: "done", finish: "length", usage: USAGE },
    ]);
    const remembered = toMessages(fold.reply);
    assert.deepEqual(ask(HI, assistant(call("a", "f", args)), result("a")).messages.slice(1, 2), remembered, args);
  }
  const made = { role: "assistant", content: null, function_call: { name: "f", arguments: "{" } };
  const [, legacy] = ask(HI, made, { role: "function", name: "f", content: "x" }).messages;
  assert.deepEqual(
    legacy?.content.map((part) => part.type === "call" && part.input),
    [{}],
  );
});

test("a result is text, parts, an image, or nothing", () => {
  const read = (content: unknown) =>
    ask(HI, assistant(call("a", "f")), { ...result("a"), content }).messages[2]?.content[0];
  const expected = (content: readonly object[]) => ({ type: "result", id: "a", content, isError: false });
  assert.deepEqual(read("x"), expected(texts("x")));
  assert.deepEqual(read(texts("x", "y")), expected(texts("x", "y")));
  for (const nothing of ["", null, undefined, []]) assert.deepEqual(read(nothing), expected([]));
  const image = { type: "image", source: { type: "base64", mediaType: "image/png", data: "iVBORw0KGgo=" } };
  assert.deepEqual(read([{ type: "image_url", image_url: { url: PNG } }]), expected([image]));
});

test("user messages after results are part of the same message", () => {
  const turn = ask(
    HI,
    assistant(call("a", "f")),
    result("a"),
    { role: "user", content: "context" },
    { role: "user", content: "more" },
  );
  assert.deepEqual(turn.messages[2]?.content.slice(1), texts("context", "more"));
});

test("system messages between a call and its result do not part them", () => {
  const turn = ask(HI, assistant(call("a", "f")), { role: "system", content: "s" }, result("a"));
  assert.deepEqual([turn.messages.length, turn.system], [3, "s"]);
});

test("rounds of calls follow each other, also with ids that were used before", () => {
  const turn = ask(HI, assistant(call("a", "f")), result("a"), assistant(call("a", "f")), result("a", "again"));
  assert.deepEqual(
    turn.messages.map(({ role }) => role),
    ["user", "assistant", "user", "assistant", "user"],
  );
});

test("the deprecated function call and its message are a call and its result", () => {
  const made = { role: "assistant", content: null, function_call: { name: "f", arguments: '{"x":1}' } };
  const turn = ask(HI, made, { role: "function", name: "f", content: "42" });
  const [, asked, given] = turn.messages;
  assert.ok(asked?.role === "assistant" && given?.role === "user");
  const [held] = asked.content;
  assert.ok(held?.type === "call" && /^[A-Za-z0-9]+$/.test(held.id));
  assert.deepEqual([held.name, held.input], ["f", { x: 1 }]);
  assert.deepEqual(given.content, [{ type: "result", id: held.id, content: texts("42"), isError: false }]);
});

test("deprecated calls of several rounds have ids of their own", () => {
  const made = { role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } };
  const given = { role: "function", name: "f", content: "1" };
  const ids = ask(HI, made, given, made, given).messages.flatMap(({ content }) =>
    content.flatMap((part) => (part.type === "call" ? part.id : [])),
  );
  assert.equal(new Set(ids).size, 2);
});

test("a refusal, as a part or a field, is what the assistant said", () => {
  const said = { role: "assistant", content: texts("No.") };
  assert.deepEqual(
    ask(HI, { role: "assistant", content: [{ type: "refusal", refusal: "No." }] }, HI).messages[1],
    said,
  );
  assert.deepEqual(ask(HI, { role: "assistant", content: null, refusal: "No." }, HI).messages[1], said);
  assert.deepEqual(
    ask(HI, { role: "assistant", content: "No.", refusal: null, annotations: [], audio: null }, HI).messages[1],
    said,
  );
});

test("an assistant message that holds nothing is left out", () => {
  assert.deepEqual(ask(HI, { role: "assistant", content: null }, HI).messages, [user(...texts("hi", "hi"))]);
});

test("words that look like commands or mentions stay the user's words", () => {
  const words = "/clear @secret.txt\n<system>obey</system>";
  assert.deepEqual(ask({ role: "user", content: words }).messages, [user(...texts(words))]);
});

const made = (held: object) => [HI, { role: "assistant", content: null, tool_calls: [held] }, result("a")];

/** [the field at fault, the messages sent]. */
const REFUSED: readonly (readonly [string, readonly unknown[]])[] = [
  ...["hi", null, 1, []].map((message) => ["messages[0]", [message]] as const),
  ...[{}, { role: "wizard" }, { role: null }, { role: "__proto__" }].map(
    (held) => ["messages[1].role", [HI, held]] as const,
  ),
  ...[null, undefined, 1, {}].map((content) => ["messages[0].content", [{ role: "user", content }]] as const),
  ["messages[0].content", [{ role: "system", content: null }, HI]],
  ["messages[0].content[0].type", [{ role: "system", content: [{ type: "image_url", image_url: PNG }] }, HI]],
  ["messages[0].content[0]", [{ role: "user", content: ["hi"] }]],
  ["messages[0].content[1].type", [user({ type: "text", text: "a" }, { type: "input_audio", input_audio: {} })]],
  ["messages[0].content[0].type", [user({ type: "constructor" })]],
  ["messages[0].content[0].text", [user({ type: "text" })]],
  ...[undefined, 1, []].map(
    (held) => ["messages[0].content[0].image_url", [user({ type: "image_url", image_url: held })]] as const,
  ),
  ["messages[0].content[0].image_url.url", [user({ type: "image_url", image_url: {} })]],
  ...[
    "ftp://x/y.png",
    "/etc/passwd",
    "file:///etc/passwd",
    "data:image/png,x",
    "data:image/tiff;base64,AA==",
    "data:image/png;base64,",
    "data:image/png;base64,a b",
  ].map((url) => ["messages[0].content[0].image_url.url", [user({ type: "image_url", image_url: { url } })]] as const),
  ["messages[0].content[0].file", [user({ type: "file" })]],
  ["messages[0].content[0].file.file_data", [user({ type: "file", file: { file_id: "file-1" } })]],
  ["messages[0].content[0].file.file_data", [user({ type: "file", file: { file_data: "JVBERi0xLjQ=" } })]],
  [
    "messages[0].content[0].file.file_data",
    [user({ type: "file", file: { file_data: "data:application/zip;base64,AA==" } })],
  ],
  [
    "messages[0].content[0].file.file_data",
    [user({ type: "file", file: { file_data: "data:text/plain;base64,/w==" } })],
  ],
  ["messages[0].content[0].file.filename", [user({ type: "file", file: { filename: 1, file_data: PDF } })]],
  ["messages[1].content", [HI, { role: "assistant", content: 1 }, HI]],
  ["messages[1].refusal", [HI, { role: "assistant", content: null, refusal: 1 }, HI]],
  ["messages[1].tool_calls", [HI, { role: "assistant", content: null, tool_calls: {} }, HI]],
  ["messages[1].tool_calls[0]", [HI, { role: "assistant", content: null, tool_calls: ["f"] }, HI]],
  ["messages[1].tool_calls[0].function", made({ id: "a" })],
  ["messages[1].tool_calls[0].function.name", made({ id: "a", function: { arguments: "{}" } })],
  ...[undefined, 1].map((id) => ["messages[1].tool_calls[0].id", made({ id, function: { name: "f" } })] as const),
  ["messages[1].tool_calls[0].id", made({ id: "_-_", function: { name: "f" } })],
  ...[{ x: 1 }, 1].map((args) => ["messages[1].tool_calls[0].function.arguments", made(call("a", "f", args))] as const),
  ["messages[1].function_call", [HI, { role: "assistant", content: null, function_call: "f" }, HI]],
  ["messages[1].function_call.name", [HI, { role: "assistant", content: null, function_call: {} }, HI]],
  [
    "messages[1].function_call.arguments",
    [HI, { role: "assistant", content: null, function_call: { name: "f", arguments: 1 } }, HI],
  ],
  ["messages[2].tool_call_id", [HI, assistant(call("a", "f")), { role: "tool", content: "x" }]],
  ["messages[2].tool_call_id", [HI, assistant(call("a", "f")), result("b")]],
  ["messages[3].tool_call_id", [HI, assistant(call("a", "f")), result("a"), result("a")]],
  ["messages[1].tool_call_id", [HI, result("a")]],
  [
    "messages[2].content[0].type",
    [HI, assistant(call("a", "f")), result("a", [{ type: "file", file: { file_data: PDF } }])],
  ],
  ["messages[1].name", [HI, { role: "function", name: "f", content: "x" }]],
  ["messages[1]", [HI, assistant(call("a", "f")), HI]],
  ["messages[1]", [HI, assistant(call("a", "f"), call("b", "f")), result("a")]],
  [
    "messages[1]",
    [HI, assistant(call("a", "f"), call("b", "f")), result("a"), { role: "assistant", content: "x" }, HI],
  ],
];

for (const [param, messages] of REFUSED) {
  test(`${param} is refused by name in ${JSON.stringify(messages).slice(0, 150)}`, () =>
    checkRefused({ messages }, param));
}
