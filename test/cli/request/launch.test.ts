/** The CLI's arguments and environment: settings only, and no mark of an enclosing session. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toArgs, toEnvironment } from "../../../src/cli/request/launch.ts";
import type { Launch } from "../../../src/cli/request/launch.ts";

const LAUNCHES: readonly Launch[] = [
  { tools: "none" },
  { tools: "none", model: "opus" },
  { tools: "none", model: "opus", session: { type: "replay", file: "/tmp/r.jsonl", lastUuid: "u1" } },
  { tools: "none", model: "opus", session: { type: "begin", id: "id1" } },
  { tools: "none", model: "opus", session: { type: "resume", id: "id1", lastUuid: "u1" } },
];

/** The value after a flag, which must be there once. */
function valueOf(args: readonly string[], flag: string): string | undefined {
  assert.equal(args.filter((arg) => arg === flag).length, 1, flag);
  return args[args.indexOf(flag) + 1];
}

test("every process speaks stream-json both ways, loads no settings and has no tools of its own", () => {
  for (const launch of LAUNCHES) {
    const args = toArgs(launch, "");
    for (const flag of ["-p", "--verbose", "--include-partial-messages", "--strict-mcp-config"])
      assert.ok(args.includes(flag), flag);
    assert.deepEqual(
      [valueOf(args, "--input-format"), valueOf(args, "--output-format")],
      ["stream-json", "stream-json"],
    );
    assert.deepEqual([valueOf(args, "--setting-sources"), valueOf(args, "--tools")], ["", ""]);
    assert.equal(valueOf(args, "--allowedTools"), "mcp__client");
  }
});

test("the settings to load are passed on as one value", () => {
  assert.equal(valueOf(toArgs({ tools: "none" }, "user,project"), "--setting-sources"), "user,project");
});

test("a fresh process is told no model, and leaves nothing on disk", () => {
  const args = toArgs({ tools: "none" }, "");
  assert.ok(!args.includes("--model") && !args.includes("--resume"));
  assert.ok(args.includes("--no-session-persistence"));
});

test("a replay resumes the file right after its last entry, and leaves nothing on disk", () => {
  const args = toArgs(
    { tools: "none", model: "opus", session: { type: "replay", file: "/tmp/r.jsonl", lastUuid: "u1" } },
    "",
  );
  assert.deepEqual(
    [valueOf(args, "--resume"), valueOf(args, "--resume-session-at"), valueOf(args, "--model")],
    ["/tmp/r.jsonl", "u1", "opus"],
  );
  assert.ok(args.includes("--no-session-persistence"));
});

test("a named session is begun under its id, and resumed after its last answer, and is kept", () => {
  const begun = toArgs({ tools: "none", session: { type: "begin", id: "id1" } }, "");
  const resumed = toArgs({ tools: "none", session: { type: "resume", id: "id1", lastUuid: "u1" } }, "");
  assert.equal(valueOf(begun, "--session-id"), "id1");
  assert.deepEqual([valueOf(resumed, "--resume"), valueOf(resumed, "--resume-session-at")], ["id1", "u1"]);
  for (const args of [begun, resumed]) assert.ok(!args.includes("--no-session-persistence"));
});

test("the environment keeps the login, proxy and provider settings", () => {
  const kept = {
    PATH: "/bin",
    ANTHROPIC_API_KEY: "k",
    CLAUDE_CODE_OAUTH_TOKEN: "t",
    HTTPS_PROXY: "p",
    CLAUDE_CONFIG_DIR: "/c",
  };
  assert.deepEqual(toEnvironment(kept, "none"), { ...kept, ...toEnvironment({}, "none") });
});

test("tools are streamed eagerly by Anthropic's own API, unless the user says otherwise", () => {
  const name = "CLAUDE_CODE_ENABLE_FINE_GRAINED_TOOL_STREAMING";
  const valueIn = (environment: NodeJS.ProcessEnv): string | undefined => toEnvironment(environment, "none")[name];
  assert.deepEqual([valueIn({}), valueIn({ ANTHROPIC_BASE_URL: "" }), valueIn({ [name]: "0" })], ["1", "1", "0"]);
  for (const other of [{ CLAUDE_CODE_USE_BEDROCK: "1" }, { ANTHROPIC_BASE_URL: "http://gateway" }]) {
    assert.equal(valueIn(other), undefined);
    assert.equal(toEnvironment(other, "none")[Object.keys(other)[0] ?? ""], Object.values(other)[0]);
  }
});

test("the user's settings of the CLI's memory are kept", () => {
  const given = { MIMALLOC_ALLOW_THP: "0", MIMALLOC_PURGE_DELAY: "10", BUN_GC_TIMER_INTERVAL: "1000" };
  assert.deepEqual(toEnvironment(given, "none"), { ...toEnvironment({}, "none"), ...given });
});

test("the environment loses the marks of an enclosing session, and is not changed itself", () => {
  const given = {
    CLAUDECODE: "1",
    CLAUDE_CODE_ENTRYPOINT: "cli",
    CLAUDE_CODE_SSE_PORT: "1",
    CLAUDE_CODE_SESSION_ID: "s",
    A: "b",
    ENABLE_TOOL_SEARCH: "true",
  };
  const before = { ...given };
  assert.deepEqual(toEnvironment(given, "none"), { A: "b", ...toEnvironment({}, "none") });
  assert.deepEqual(given, before);
});

test("a conversation is never summarised unseen; a long task on the CLI's own tools may be", () => {
  for (const tools of ["none", "search"] as const)
    assert.equal(toEnvironment({}, tools)["DISABLE_COMPACT"], "1", tools);
  for (const tools of ["web", "workspace", "full"] as const)
    assert.equal(toEnvironment({}, tools)["DISABLE_COMPACT"], undefined, tools);
});

test("the CLI's temporary files go where they are told to, unless a socket could not lie there", () => {
  const nameOf = (folder?: string): string | undefined => toEnvironment({}, "none", folder)["CLAUDE_CODE_TMPDIR"];
  assert.equal(nameOf("/home/me/.claude-max-api/tmp"), "/home/me/.claude-max-api/tmp");
  assert.equal(nameOf(`/${"x".repeat(70)}`), undefined);
  assert.equal(nameOf(), undefined);
});
