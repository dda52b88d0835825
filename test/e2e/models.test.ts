/**
 * Models asked for by id: each request is one call of the API, and nothing that a client makes up is shown to others.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SONNET } from "../helpers/cli.ts";
import { readText, user } from "../helpers/answer.ts";
import { createChat, readStarts, untilSessions } from "../helpers/client.ts";
import { startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { makeHome, NO_SPARES } from "../helpers/session.ts";
import { startUpstream, toLastWords } from "../helpers/upstream.ts";

async function readModels(proxy: Proxy): Promise<string[]> {
  const { data } = (await (await fetch(`${proxy.url}/v1/models`)).json()) as { data: { id: string }[] };
  return data.map(({ id }) => id);
}

test("a pinned id costs one call of the API for each request, however often it is asked for", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream });
  // The third conversation has a process prepared for the id: its kind has shown to be needed.
  for (const [model, others] of [
    ["claude-opus-4-5-20251101", ["a", "b", "c"]],
    ["claude-sonnet-5", ["a"]],
  ] as const) {
    upstream.calls.length = 0;
    const chat = createChat(proxy, { model });
    for (const words of ["one", "two"]) await chat.say(words);
    for (const words of others) await readText(await proxy.chat({ model, messages: [user(words)] }));
    assert.deepEqual(
      // Some models are told the CLI's notes in front of the first words.
      upstream.calls.map((call) => [call.body.model, /\w+$/.exec(toLastWords(call))?.[0], call.body.max_tokens > 1]),
      ["one", "two", ...others].map((words) => [model, words, true]),
    );
  }
});

test("the list of models shows the account's, and none that a client has made up", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: NO_SPARES });
  const known = createChat(proxy);
  await known.say("hi");
  const before = await readModels(proxy);
  assert.ok(before.includes(SONNET), before.join());
  const model = "claude-zzz-made-up-by-a-client";
  const chat = createChat(proxy, { model });
  for (const words of ["one", "two"]) {
    await chat.say(words);
    assert.deepEqual(await readModels(proxy), before);
  }
  await createChat(proxy, { model }, [user("a"), { role: "assistant", content: "b" }]).say("c");
  assert.deepEqual(await readModels(proxy), before);
  await known.say("hi again");
  assert.deepEqual(await readModels(proxy), before);
});

test("a model asked for once does not cost the spare", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "1"] });
  await untilSessions(proxy, "a spare is there", ({ spare }) => spare === 1);
  const [spare] = readStarts(proxy);
  await readText(await proxy.chat({ model: "claude-opus-4-5-20251101", messages: [user("one")] }));
  assert.deepEqual(proxy.children().includes(spare?.pid ?? 0), true);
  const starts = readStarts(proxy).length;
  await readText(await proxy.chat({ model: "sonnet", messages: [user("two")] }));
  assert.equal(
    readStarts(proxy).length - starts <= 1,
    true,
    "the spare took the turn; at most its successor was started",
  );
  await untilSessions(proxy, "a spare is there again", (sessions) => sessions.spare === 1);
  assert.equal(readStarts(proxy).length, 3);
});

type Entry = Readonly<Record<string, unknown>>;

async function readModel(proxy: Proxy, id: string, headers: Record<string, string> = {}): Promise<Entry> {
  return (await (await fetch(`${proxy.url}/v1/models/${id}`, { headers })).json()) as Entry;
}

test("the limits of a model are shown once it has answered, in every protocol, and after a restart at once", async (t) => {
  const upstream = await startUpstream(t);
  const { home, remove } = makeHome();
  const first = await startProxy(t, { upstream, args: ["--spares", "0"], home });
  const unknown = await readModel(first, "claude-sonnet-4");
  assert.deepEqual([unknown["context_length"], unknown["input"]], [undefined, ["text", "image", "pdf"]]);
  await readText(await first.chat({ model: "claude-sonnet-4", messages: [user("hi")] }));
  first.kill("SIGTERM");
  await first.exited;
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0"], home });
  t.after(remove);
  const known = await readModel(proxy, "claude-sonnet-4");
  const { context_length: context, max_output_tokens: output } = known;
  assert.equal(known["context_window"], context);
  assert.ok(Number(context) >= 200_000 && Number(output) >= 32_000, JSON.stringify(known));
  const anthropic = await readModel(proxy, "claude-sonnet-4", { "anthropic-version": "2023-06-01" });
  assert.deepEqual([anthropic["max_input_tokens"], anthropic["max_tokens"]], [context, output]);
  const refusal = await readModel(proxy, "gpt-4o", { "anthropic-version": "2023-06-01" });
  assert.deepEqual([refusal["type"], (refusal["error"] as Entry)["type"]], ["error", "not_found_error"]);
  const body = JSON.stringify({ model: "claude-sonnet-4:latest" });
  const headers = { "content-type": "application/json" };
  const shown = (await (await fetch(`${proxy.url}/api/show`, { method: "POST", headers, body })).json()) as Entry;
  assert.equal((shown["model_info"] as Entry)["claude.context_length"], context);
});
