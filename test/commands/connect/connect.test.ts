/** `connect` on real settings files with comments, of each syntax: only its own entry changes, and undo is exact. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { EDITORS } from "../../../src/commands/connect/edit/apply.ts";
import { readTarget, removeTarget } from "../../../src/commands/connect/file.ts";
import { toKeyCommand, toKeyLine } from "../../../src/client/client.ts";
import { CONNECTABLE } from "../../../src/client/table.ts";
import { POSIX_ONLY, LINUX_ONLY } from "../../helpers/processes.ts";
import { makeHome, readFixture, SETTINGS } from "./settings.ts";

const toFormat = (id: string) => {
  const setup = CONNECTABLE.find((client) => client.id === id)?.setup;
  return setup?.type === "file" ? setup.format : assert.fail(id);
};

/** Lines that are gone, but for one that has got a comma behind its value. */
function toLost(before: string, after: string): string[] {
  const kept = after.split("\n").map((line) => line.replace(/,(?=\s*(?:\/\/.*)?\r?$)/, ""));
  return before.split("\n").filter((line) => !kept.includes(line.replace(/,(?=\s*(?:\/\/.*)?\r?$)/, "")));
}

for (const [id, path, name] of SETTINGS) {
  test(`${name}: an entry of ours is added, all else stays, and undo puts every byte back`, async (t) => {
    const { connect, read, write, home } = makeHome(t);
    const before = readFixture(name);
    write(path, before);
    chmodSync(join(home, path), 0o640);
    const first = await connect(id);
    assert.equal(first.isDone, true, first.lines);
    const after = read(path);
    assert.match(after, /http:\/\/localhost:9\/v1/);
    assert.match(first.lines, /^ {2}\+.*(?:claude|localhost:9)/m);
    // An object on one line holds the entry from now on.
    const lost = toLost(before, after).filter((line) => !/\{\}|"ui"|models: \{|model: \{/.test(line));
    assert.deepEqual(lost, []);
    assert.doesNotThrow(() => EDITORS[toFormat(id)].parse(after));
    assert.equal(statSync(join(home, path)).mode & 0o777, 0o640);

    assert.match((await connect(id)).lines, /is as it should be/);
    const second = await connect(id, "--model", "claude-haiku-4");
    assert.equal(second.isDone, true, second.lines);
    assert.match(read(path), /claude-haiku-4/);

    const undone = await connect(id, "--undo");
    assert.equal(undone.isDone, true, undone.lines);
    assert.equal(read(path), before);
    assert.equal(statSync(join(home, path)).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(join(home, ".claude-max-api/connect")), []);
  });

  test(`${name}: undo after an edit of the user's takes the entry out, and keeps the edit`, async (t) => {
    const { connect, read, write } = makeHome(t);
    const before = readFixture(name);
    const end = before.includes("\r\n") ? "\r\n" : "\n";
    write(path, before);
    await connect(id);
    // A blank line is an edit in every syntax.
    write(path, read(path) + end);
    const { isDone, lines } = await connect(id, "--undo");
    assert.equal(isDone, true, lines);
    assert.equal(read(path), before + end);
  });
}

test("defaults of the user's stay, and none of ours is put beside them, unless a model is asked for by name", async (t) => {
  const { connect, read, write } = makeHome(t);
  write(".codex/config.toml", 'model = "gpt-5.5"\n');
  await connect("codex");
  // With our provider, every start of codex would ask this server for gpt-5.5.
  assert.match(read(".codex/config.toml"), /^model = "gpt-5.5"\n\n\[model_providers.claude-max-api\]/);
  await connect("codex", "--model", "opus");
  assert.match(read(".codex/config.toml"), /^model = "opus"\nmodel_provider = "claude-max-api"\n/);

  write(".qwen/settings.json", '{ "security": { "auth": { "selectedType": "qwen-oauth" } } }\n');
  await connect("qwen-code");
  assert.equal((JSON.parse(read(".qwen/settings.json")) as { model?: unknown }).model, undefined);
});

test("every client with a file is set up in an empty home, and undo leaves nothing behind", async (t) => {
  const { connect, home } = makeHome(t);
  for (const { id, setup } of CONNECTABLE) {
    const { isDone, lines } = await connect(id);
    assert.equal(isDone, true, lines);
    if (setup.type === "text") continue;
    const undone = await connect(id, "--undo");
    assert.equal(undone.isDone, true, undone.lines);
  }
  assert.deepEqual(readdirSync(home), [".claude-max-api"]);
  assert.deepEqual(readdirSync(join(home, ".claude-max-api/connect")), []);
});

test("a file that cannot be read is left alone, and the text to paste is shown", async (t) => {
  const { connect, read, write } = makeHome(t);
  for (const [id, path, text, where] of [
    ["pi", ".pi/agent/models.json", '{\n  "providers": {\n', "line 3"],
    ["codex", ".codex/config.toml", "a = 1\n= broken\n", "line 2"],
    ["continue", ".continue/config.yaml", "models: [\n", "line "],
    ["continue", ".continue/config.yaml", "a: 1\n---\nb: 2\n", "several documents"],
  ] as const) {
    write(path, text);
    const { isDone, lines } = await connect(id);
    assert.equal(isDone, false);
    assert.match(lines, /^Cannot change .* left it as it is/);
    assert.ok(lines.includes(where), lines);
    assert.match(lines, /by hand:\n\n[^]*localhost:9/);
    assert.equal(read(path), text);
  }
});

test("a file laid out in a way that cannot be edited by position is left alone too", async (t) => {
  const { connect, read, write } = makeHome(t);
  for (const [id, path, text] of [
    ["codex", ".codex/config.toml", "model_providers = { a = { name = 'a' } }\n"],
    ["continue", ".continue/config.yaml", "{ name: a, version: 1, schema: v1 }\n"],
    ["continue", ".continue/config.yaml", "name: a\nmodels: { a: 1 }\n"],
    ["pi", ".pi/agent/models.json", '{ "providers": [] }'],
  ] as const) {
    write(path, text);
    const { isDone, lines } = await connect(id);
    assert.equal(isDone, false, `${text} became ${read(path)}`);
    assert.match(lines, /left it as it is/);
    assert.equal(read(path), text);
  }
});

test("--print writes nothing", async (t) => {
  const { connect, home } = makeHome(t);
  for (const { id } of CONNECTABLE) {
    const { isDone, lines } = await connect(id, "--print");
    assert.equal(isDone, true);
    assert.match(lines, /:9\b|localhost/, id);
  }
  assert.deepEqual(readdirSync(home), []);
});

test("a link is written through, and named", POSIX_ONLY, async (t) => {
  const { connect, home, read } = makeHome(t);
  mkdirSync(join(home, "dotfiles"));
  mkdirSync(join(home, ".pi/agent"), { recursive: true });
  writeFileSync(join(home, "dotfiles/pi.json"), "{}\n");
  symlinkSync(join(home, "dotfiles/pi.json"), join(home, ".pi/agent/models.json"));
  const { lines } = await connect("pi");
  assert.match(lines, /models\.json, a link to .*dotfiles\/pi\.json/);
  assert.equal(lstatSync(join(home, ".pi/agent/models.json")).isSymbolicLink(), true);
  assert.match(read("dotfiles/pi.json"), /localhost:9/);
  await connect("pi", "--undo");
  assert.equal(read("dotfiles/pi.json"), "{}\n");
  assert.deepEqual(readdirSync(join(home, "dotfiles")), ["pi.json"]);
});

test("the key is referred to where a client can, never shown, and told of where others can read it", async (t) => {
  const { connect, home, read, write } = makeHome(t, { CLAUDE_MAX_API_API_KEY: "laptop:sekrit-7" });
  const keyFile = join(home, ".claude-max-api/connect/key");
  const opencode = await connect("opencode");
  assert.equal(read(".claude-max-api/connect/key"), "sekrit-7");
  assert.equal(statSync(keyFile).mode & 0o777, 0o600);
  assert.ok(read(".config/opencode/opencode.json").includes(`{file:${keyFile}}`));
  assert.equal(statSync(join(home, ".config/opencode/opencode.json")).mode & 0o777, 0o600);
  write(".aider.conf.yml", "auto-commits: false\n");
  chmodSync(join(home, ".aider.conf.yml"), 0o644);
  const aider = await connect("aider");
  assert.match(aider.lines, /other users can read this file, and the key is in it: chmod 600/);
  assert.match(read(".aider.conf.yml"), /^openai-api-key: sekrit-7$/m);
  for (const { id } of CONNECTABLE) assert.doesNotMatch((await connect(id, "--print")).lines, /sekrit/, id);
  assert.doesNotMatch(opencode.lines + aider.lines, /sekrit/);
});

test("a key with quotes in it is hidden too, and so is one that undo no longer knows", async (t) => {
  const { connect, home, write } = makeHome(t, { CLAUDE_MAX_API_API_KEY: 'se"krit\\7' });
  write(".aider.conf.yml", "auto-commits: false\n");
  chmodSync(join(home, ".aider.conf.yml"), 0o644);
  const { lines } = await connect("aider");
  assert.match(lines, /\(your key\)/);
  assert.match(lines, /the key is in it/);
  for (const { id } of CONNECTABLE) assert.doesNotMatch((await connect(id, "--print")).lines, /krit/, id);
  const undone = await connect("aider", "--undo", "--api-key", "another");
  assert.match(undone.lines, /-openai-api-key: "\(your key\)"/);
  assert.doesNotMatch(lines + undone.lines, /krit/);
});

test("a key that has changed reaches the clients that refer to its file", async (t) => {
  const { connect, home, read } = makeHome(t, { CLAUDE_MAX_API_API_KEY: "old" });
  await connect("opencode");
  const words = ["opencode", "--api-key", "new"] as const;
  assert.match((await connect(...words, "--print")).lines, /as it should be/);
  assert.equal(read(".claude-max-api/connect/key"), "old");
  assert.match((await connect(...words)).lines, /as it should be/);
  assert.equal(read(".claude-max-api/connect/key"), "new");
  rmSync(join(home, ".claude-max-api/connect/key"));
  await connect(...words);
  assert.equal(read(".claude-max-api/connect/key"), "new");
});

test("a key of the user's own that ours replaces is not shown, and is back after undo", async (t) => {
  const { connect, read, write } = makeHome(t, { CLAUDE_MAX_API_API_KEY: "k" });
  const settings = { provider: "openai-compatible", apiKey: "sk-mine", model: "m", baseUrl: "https://example.com/v1" };
  const cline = `${JSON.stringify({ providers: { "openai-compatible": { settings } } }, undefined, 2)}\n`;
  for (const [id, path, text] of [
    ["aider", ".aider.conf.yml", "openai-api-key: sk-mine\n"],
    ["cline", ".cline/data/settings/providers.json", cline],
  ] as const) {
    write(path, text);
    assert.match((await connect()).lines, new RegExp(`^  ${id} +found$|^  ${id} +not found$`, "m"));
    const { lines } = await connect(id);
    assert.match(lines, /^ {2}-.*\(your key\)/m);
    assert.match((await connect()).lines, new RegExp(`^  ${id} .*connected$`, "m"));
    const undone = await connect(id, "--undo");
    assert.equal(read(path), text);
    assert.doesNotMatch(lines + undone.lines, /sk-mine/);
  }
});

test("a file that was written anew while undo asked is not removed", async (t) => {
  const { home, read, write } = makeHome(t);
  write("a.json", "{}\n");
  const target = await readTarget(join(home, "a.json"));
  write("a.json", '{ "mine": 1 }\n');
  await assert.rejects(removeTarget(target), /another program has just written it/);
  assert.equal(read("a.json"), '{ "mine": 1 }\n');
  await removeTarget(await readTarget(join(home, "a.json")));
  assert.equal(existsSync(join(home, "a.json")), false);
});

test("a file of variables that cannot be read is told by its line", async (t) => {
  const { connect, write } = makeHome(t);
  write(".claude-max-api/service.env", "A=1\nnonsense\n");
  await assert.rejects(connect("aider"), /^Error: Cannot read .*service\.env: line 2 is not NAME=VALUE$/);
});

test("on Windows the key is read by a command that is there", () => {
  assert.deepEqual(toKeyCommand("C:\\k", true), ["cmd", "/c", "type", "C:\\k"]);
  assert.equal(toKeyLine("C:\\my keys\\k", true), 'type "C:\\my keys\\k"');
  assert.equal(toKeyLine("/my keys/k"), "cat '/my keys/k'");
});

test("the key of the service that is installed is known", async (t) => {
  const { connect, read, write } = makeHome(t);
  write(".claude-max-api/service.env", "CLAUDE_MAX_API_API_KEY=from-service,other\n");
  await connect("aider");
  assert.match(read(".aider.conf.yml"), /openai-api-key: from-service/);
});

test("limits that the server has learned are filled in, and left out where they are not known", async (t) => {
  const { connect, read, write } = makeHome(t);
  await connect("pi");
  assert.doesNotMatch(read(".pi/agent/models.json"), /contextWindow/);
  const catalogue = [{ value: "sonnet", id: "claude-sonnet-5-5", name: "Sonnet" }];
  const limits = { "claude-sonnet-5-5": { contextTokens: 1_000_000, outputTokens: 128_000 } };
  write(".claude-max-api/models.json", JSON.stringify({ catalogue, limits }));
  await connect("pi");
  assert.match(read(".pi/agent/models.json"), /"claude-sonnet-4"[^}]*"contextWindow": 1000000,\s+"maxTokens": 128000/);
});

test("the list tells what is found and what is connected", async (t) => {
  const { connect, write } = makeHome(t, { PATH: "" });
  write(".qwen/settings.json", "{}");
  await connect("qwen-code");
  const { lines } = await connect();
  assert.match(lines, /^ {2}qwen-code +found +connected$/m);
  assert.match(lines, /^ {2}opencode +not found$/m);
  assert.match(lines, /^ {2}open-webui +by hand$/m);
});

test("undo of what was not done, of what was changed there, and a model that there is not, say so", async (t) => {
  const { connect, read, write } = makeHome(t);
  assert.match((await connect("pi", "--undo")).lines, /^Cannot undo: pi was not connected/);
  assert.match((await connect("open-webui", "--undo")).lines, /by hand/);
  assert.match((await connect("pi", "--model", "gpt-4o")).lines, /^Cannot find model: gpt-4o/);
  write(".pi/agent/models.json", '{ "providers": {} }\n');
  await connect("pi");
  const changed = read(".pi/agent/models.json").replace("localhost:9", "localhost:10");
  write(".pi/agent/models.json", changed);
  assert.match((await connect("pi", "--undo")).lines, /^Cannot undo: .*changed since.*copy/);
  assert.equal(read(".pi/agent/models.json"), changed);
});

test("a folder that cannot be written is a sentence", LINUX_ONLY, async (t) => {
  const { connect, home, write } = makeHome(t);
  write("not-a-folder", "");
  symlinkSync(join(home, "not-a-folder"), join(home, ".pi"));
  const { isDone, lines } = await connect("pi");
  assert.equal(isDone, false);
  assert.match(lines, /^Cannot (?:read|write) .*models\.json: /);
  assert.equal(existsSync(join(home, ".claude-max-api/connect/pi.record.json")), false);
});
