/** One socket, many requests: pipelined turns end with their socket, and every spelling of a path is answered. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, beforeEach, test } from "node:test";
import { assistant, readAnswer, readError, user } from "../helpers/answer.ts";
import { readHealth } from "../helpers/client.ts";
import { eventually, startProxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--spares", "0", "--max-concurrent", "2"] });
beforeEach(() => upstream.reset());

const PIPELINED = 8;

function toPost(body: object): string {
  const text = JSON.stringify(body);
  const head = ["POST /v1/chat/completions HTTP/1.1", "Host: localhost", "Content-Type: application/json"];
  return `${[...head, `Content-Length: ${Buffer.byteLength(text)}`].join("\r\n")}\r\n\r\n${text}`;
}

for (const stream of [true, false]) {
  test(`${PIPELINED} pipelined turns end when their socket does, ${stream ? "streamed" : "whole"}`, async () => {
    upstream.answer(() => [{ text: "begun" }, { hang: true }]);
    const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
    socket.on("error", () => undefined).resume();
    const turns = Array.from({ length: PIPELINED }, (_, at) => ({
      model: "sonnet",
      messages: [user(`turn ${at}`)],
      stream,
    }));
    socket.write(turns.map(toPost).join(""));
    const calls = await Promise.all([1, 2].map((nth) => upstream.called(nth)));
    socket.destroy();
    await once(socket, "close");
    assert.deepEqual(await Promise.all(calls.map(({ closed }) => closed)), [true, true]);
    await eventually("no turn runs or waits", async () => {
      const { sessions } = await readHealth(proxy);
      return sessions.busy === 0 && sessions.queued === 0;
    });
    assert.equal(upstream.calls.length, 2);
  });
}

test("pipelined turns are answered in their order", async () => {
  upstream.answer((call) => [{ text: JSON.stringify(call).includes("turn 0") ? "zero" : "one" }]);
  const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1").setEncoding("utf8");
  let text = "";
  const both = new Promise<void>((resolve) => {
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (/zero[\s\S]*one/.test(text)) resolve();
    });
  });
  socket.write([0, 1].map((at) => toPost({ model: "sonnet", messages: [user(`turn ${at}`)] })).join(""));
  await both;
  socket.destroy();
});

test("a turn is answered under a path without /v1, with it twice, and with a slash at the end", async () => {
  upstream.answer(() => [{ text: "hello" }]);
  const messages = [user("hi")];
  for (const path of ["/chat/completions", "/v1/v1/chat/completions", "/v1/chat/completions/"]) {
    const body = JSON.stringify({ model: "sonnet", messages });
    const response = await fetch(proxy.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    assert.equal((await readAnswer(response)).text, "hello", path);
    messages.push(assistant("hello"), user("hi"));
  }
  assert.equal((await fetch(`${proxy.url}/models/`)).status, 200);
});

test("endpoints that are not here are a 404 that says what to use instead", async () => {
  for (const path of ["/v1/embeddings", "/embeddings", "/v1/audio/transcriptions", "/v1/images/edits"]) {
    const error = await readError(await fetch(proxy.url + path, { method: "POST", body: "{}" }));
    assert.equal(error.status, 404, path);
    assert.match(error.message, /Use an? /, path);
  }
});
