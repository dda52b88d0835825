/** Undo in a file that another program has written anew since, as OpenClaw does when it is told its model. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { scan } from "../../../src/commands/connect/edit/scan.ts";
import { makeHome, readFixture, SETTINGS } from "./settings.ts";

type Settings = { [key: string]: unknown };

const readValue = (text: string): Settings => scan(text)?.value as Settings;

/** All members in the order of their names. */
function sort(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sort);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, held]): [string, unknown] => [key, sort(held)]);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const OPENCLAW = ".openclaw/openclaw.json";

for (const [id, path, name] of SETTINGS.filter(([, file]) => /jsonc?$/.test(file)))
  test(`${name}: laid out anew by another program, only its own entry is taken out`, async (t) => {
    const { connect, read, write } = makeHome(t);
    const before = readFixture(name);
    for (const indent of [undefined, 2, "\t"]) {
      write(path, before);
      await connect(id);
      write(path, JSON.stringify(sort(readValue(read(path))), undefined, indent));
      const { isDone, lines } = await connect(id, "--undo");
      assert.equal(isDone, true, lines);
      assert.deepEqual(readValue(read(path)), readValue(before));
    }
  });

test("what another program has added stays, beside and within the objects that connect has made", async (t) => {
  const { connect, read, write } = makeHome(t);
  write(OPENCLAW, "{\n  // mine\n  tools: {},\n}\n");
  await connect("openclaw");
  const written = readValue(read(OPENCLAW)) as { models: { providers: Settings }; agents: { defaults: Settings } };
  written.models.providers["other"] = { baseUrl: "http://desk.lan" };
  // OpenClaw lists the model that it is told to use.
  written.agents.defaults["models"] = { "claude-max-api/claude-sonnet-4": {}, "other/one": {} };
  write(OPENCLAW, JSON.stringify({ ...written, meta: { lastTouchedVersion: "2026.9.6" } }, undefined, 2));
  const { isDone, lines } = await connect("openclaw", "--undo");
  assert.equal(isDone, true, lines);
  assert.deepEqual(readValue(read(OPENCLAW)), {
    tools: {},
    models: { providers: { other: { baseUrl: "http://desk.lan" } } },
    agents: { defaults: { models: { "other/one": {} } } },
    meta: { lastTouchedVersion: "2026.9.6" },
  });
});

test("connect again after that goes on from the file as it was without the entry", async (t) => {
  const { connect, read, write } = makeHome(t);
  write(OPENCLAW, "{ tools: {} }\n");
  await connect("openclaw");
  write(OPENCLAW, JSON.stringify(readValue(read(OPENCLAW))));
  await connect("openclaw", "--model", "claude-haiku-4");
  assert.match(read(OPENCLAW), /claude-max-api\/claude-haiku-4/);
  await connect("openclaw", "--undo");
  assert.deepEqual(readValue(read(OPENCLAW)), { tools: {} });
});

test("a file of connect's own that was only laid out anew is taken away", async (t) => {
  const { connect, home, read, write } = makeHome(t);
  await connect("openclaw");
  write(OPENCLAW, JSON.stringify(readValue(read(OPENCLAW))));
  await connect("openclaw", "--undo");
  assert.equal(existsSync(join(home, ".openclaw")), false);
});

test("a date that the client itself writes into its entry is no change of it", async (t) => {
  const { connect, home, read, write } = makeHome(t);
  const path = ".cline/data/settings/providers.json";
  for (const before of [undefined, readFixture("cline.json")]) {
    if (before !== undefined) write(path, before);
    await connect("cline");
    write(path, read(path).replace("2026-01-01T00:00:00.000Z", "2026-11-29T20:36:57.076Z"));
    const { isDone, lines } = await connect("cline", "--undo");
    assert.equal(isDone, true, lines);
    if (before === undefined) assert.equal(existsSync(join(home, ".cline")), false);
    else assert.deepEqual(readValue(read(path)), readValue(before));
  }
});

test("an entry that another program has added to is left as a whole", async (t) => {
  const { connect, read, write } = makeHome(t);
  await connect("openclaw");
  const written = JSON.stringify(readValue(read(OPENCLAW))).replace('"api":', '"headers":{},"api":');
  write(OPENCLAW, written);
  assert.match((await connect("openclaw", "--undo")).lines, /^Cannot undo: .*It was not there before$/);
  assert.equal(read(OPENCLAW), written);
});

test("an entry that was changed is left, and the copy of the file as it was outlives another connect", async (t) => {
  const { connect, home, read, write } = makeHome(t);
  const before = "{ tools: {} } // mine\n";
  write(OPENCLAW, before);
  await connect("openclaw");
  write(OPENCLAW, JSON.stringify(readValue(read(OPENCLAW))).replaceAll("localhost:9", "localhost:10"));
  const refused = await connect("openclaw", "--undo");
  assert.match(refused.lines, /^Cannot undo: .*changed since.*openclaw\.before$/);
  const again = await connect("openclaw");
  const aside = join(home, ".claude-max-api/connect/openclaw.before.old");
  assert.ok(again.lines.includes(`as the file was then: ${aside}`), again.lines);
  assert.equal(read(".claude-max-api/connect/openclaw.before.old"), before);
});

test("a line that another program puts behind a file without a last line break is no hindrance", async (t) => {
  const { connect, read, write } = makeHome(t);
  for (const end of ["\n", "\r\n"]) {
    write(".codex/config.toml", `# mine${end}approval_policy = "never"`);
    await connect("codex");
    write(".codex/config.toml", `${read(".codex/config.toml")}[projects."/x"]${end}trust_level = "trusted"${end}`);
    const { isDone, lines } = await connect("codex", "--undo");
    assert.equal(isDone, true, lines);
    assert.equal(
      read(".codex/config.toml"),
      `# mine${end}approval_policy = "never"${end}[projects."/x"]${end}trust_level = "trusted"${end}`,
    );
  }
});
