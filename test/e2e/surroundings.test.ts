/**
 * The CLI's surroundings: the directory it names to the model, and its own file, which may be replaced under a running
 * server.
 */
import assert from "node:assert/strict";
import { chmodSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readText, user } from "../helpers/answer.ts";
import { readHealth } from "../helpers/client.ts";
import { makeFolder } from "../helpers/folder.ts";
import { eventually, FAKE_CLI, startProxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

/** The directory that the CLI's environment note names in a call. */
function toNamedFolder(call: unknown): string | undefined {
  return /working directory: ([^\\\n]+)/i.exec(JSON.stringify(call))?.[1];
}

test("a turn without file tools names a folder that says it is not the user's project; one with them, the workspace", async (t) => {
  const upstream = await startUpstream(t);
  const proxy = await startProxy(t, { upstream, args: ["--spares", "0", "--tools", "workspace"] });
  for (const [tools, folder] of [
    ["none", "not-the-users-project"],
    ["web", "not-the-users-project"],
    ["workspace", "workspace"],
  ] as const) {
    const body = { model: "sonnet", messages: [user(tools)] };
    await readText(await proxy.chat(body, { headers: { "x-claude-tools": tools } }));
    assert.equal(toNamedFolder(upstream.calls.at(-1)?.body), join(proxy.home, ".claude-max-api", folder), tools);
  }
});

test("spares are started anew when the CLI's file has been replaced", async (t) => {
  const claude = join(makeFolder(t), "claude");
  const replace = (): void => {
    writeFileSync(`${claude}.new`, `#!/bin/sh\nexec "${FAKE_CLI}" "$@"\n`);
    chmodSync(`${claude}.new`, 0o755);
    renameSync(`${claude}.new`, claude);
  };
  replace();
  const proxy = await startProxy(t, { args: ["--spares", "1", "--claude", claude] });
  const readSpare = async (): Promise<number | undefined> => {
    const { sessions } = await readHealth(proxy);
    return sessions.spare === 1 && sessions.live === 0 ? proxy.children()[0] : undefined;
  };
  await eventually("there is a spare", async () => (await readSpare()) !== undefined);
  const old = await readSpare();
  replace();
  // A pinned model's turn takes no spare; its end is when the file is looked at.
  const pinned = { model: "claude-opus-4-5-20251101", messages: [user("hi")] };
  await readText(await proxy.chat(pinned));
  await proxy.logged(/claude has changed spares=1/);
  await eventually("the old spare is gone", () => !proxy.children().includes(old ?? 0));
  await eventually("there is a new spare", async () => (await readHealth(proxy)).sessions.spare === 1);
});
