/** Memory that clients can make the server hold: the real program in a small heap. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAKE_CLI, startProxy } from "../helpers/proxy.ts";

/** About a megabyte of JSON whose objects take some twenty times that: 240,000 empty ones, in arrays of 100. */
const DENSE = Array.from({ length: 24 }, () =>
  Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => ({}))),
);

test("25 stored responses of a megabyte of dense JSON fit in a heap of 256 MB, and each can be gone on from", async (t) => {
  const env = { NODE_OPTIONS: "--max-old-space-size=256" };
  const proxy = await startProxy(t, { args: ["--claude", FAKE_CLI], env });
  const ask = async (body: object): Promise<{ id: string; output: { content: { text: string }[] }[] }> => {
    const response = await fetch(`${proxy.url}/v1/responses`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "sonnet", ...body }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as Awaited<ReturnType<typeof ask>>;
  };
  const ids: string[] = [];
  for (let at = 0; at < 25; at++) {
    ids.push((await ask({ input: [{ role: "user", content: `m${at}`, dense: DENSE }] })).id);
  }
  for (const at of [0, 12, 24]) {
    const next = await ask({ previous_response_id: ids[at], input: "go on" });
    assert.equal(next.output[0]?.content[0]?.text, "go on");
    const stored = await fetch(`${proxy.url}/v1/responses/${next.id}`);
    assert.equal(stored.status, 200);
  }
});
