/**
 * What each profile lets the model do, judged by the file system, the processes, and what reached the API; never by an
 * answer's words (P80, P81, P82).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { isObject } from "../../src/lib/json.ts";
import { user } from "../helpers/answer.ts";
import { makeFolder } from "../helpers/folder.ts";
import { BUNDLE, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";
import type { ApiCall, Step, Upstream } from "../helpers/upstream.ts";

const PROFILES = ["none", "web", "workspace", "full"] as const;
type Profile = (typeof PROFILES)[number];

/** A workspace, and beside it what is not the model's. */
interface Places {
  readonly inside: string;
  readonly outside: string;
}

/** What one attempt has come to, for those that look. */
interface Outcome extends Places {
  readonly result: string;
  readonly isError: boolean;
}

interface Attempt {
  readonly what: string;
  readonly tool: string;
  readonly input: (places: Places) => object;
  /** Whether the deed is done. */
  readonly isDone: (outcome: Outcome) => boolean;
  readonly allowed: readonly Profile[];
  /** Where it is not allowed, it finds nothing rather than being an error. */
  readonly isQuiet?: boolean;
}

const SECRET = "outside-4711";
const NOTE = "inside-0815";
const FOUND = "found-on-the-web";

const wrote = (place: keyof Places, name: string) => (outcome: Outcome) => existsSync(join(outcome[place], name));
const shows =
  (text: string) =>
  ({ result }: Outcome) =>
    result.includes(text);
const FILES: readonly Profile[] = ["workspace", "full"];
const FULL: readonly Profile[] = ["full"];
const WEB: readonly Profile[] = ["web", "workspace", "full"];

const ATTEMPTS: readonly Attempt[] = [
  {
    what: "a shell",
    tool: "Bash",
    input: ({ inside }) => ({ command: `echo x > ${inside}/shell` }),
    isDone: wrote("inside", "shell"),
    allowed: FULL,
  },
  {
    what: "a write inside",
    tool: "Write",
    input: ({ inside }) => ({ file_path: join(inside, "new"), content: "x" }),
    isDone: wrote("inside", "new"),
    allowed: FILES,
  },
  {
    what: "a write in a folder inside",
    tool: "Write",
    input: ({ inside }) => ({ file_path: join(inside, "folder/new"), content: "x" }),
    isDone: wrote("inside", "folder/new"),
    allowed: FILES,
  },
  {
    what: "a write outside",
    tool: "Write",
    input: ({ outside }) => ({ file_path: join(outside, "new"), content: "x" }),
    isDone: wrote("outside", "new"),
    allowed: FULL,
  },
  {
    what: "a write through ..",
    tool: "Write",
    input: ({ inside, outside }) => ({ file_path: `${inside}/../${basename(outside)}/dots`, content: "x" }),
    isDone: wrote("outside", "dots"),
    allowed: FULL,
  },
  {
    what: "a write through a linked folder",
    tool: "Write",
    input: ({ inside }) => ({ file_path: join(inside, "ways/new2"), content: "x" }),
    isDone: wrote("outside", "new2"),
    allowed: FULL,
  },
  {
    what: "a read inside",
    tool: "Read",
    input: ({ inside }) => ({ file_path: join(inside, "note") }),
    isDone: shows(NOTE),
    allowed: FILES,
  },
  {
    what: "a read outside",
    tool: "Read",
    input: ({ outside }) => ({ file_path: join(outside, "secret") }),
    isDone: shows(SECRET),
    allowed: FULL,
  },
  {
    // A file of its own: some releases answer a second read of one by pointing to the first.
    what: "a read through ..",
    tool: "Read",
    input: ({ inside, outside }) => ({ file_path: `${inside}/../${basename(outside)}/secret-too` }),
    isDone: shows(SECRET),
    allowed: FULL,
  },
  {
    what: "a read through a linked file",
    tool: "Read",
    input: ({ inside }) => ({ file_path: join(inside, "way") }),
    isDone: shows(SECRET),
    allowed: FULL,
  },
  {
    what: "a read through a linked folder",
    tool: "Read",
    input: ({ inside }) => ({ file_path: join(inside, "ways/secret") }),
    isDone: shows(SECRET),
    allowed: FULL,
  },
  {
    what: "an edit inside",
    tool: "Edit",
    input: ({ inside }) => ({ file_path: join(inside, "note"), old_string: NOTE, new_string: "edited" }),
    isDone: ({ inside }) => readFileSync(join(inside, "note"), "utf8") === "edited\n",
    allowed: FILES,
  },
  {
    what: "an edit outside",
    tool: "Edit",
    input: ({ outside }) => ({ file_path: join(outside, "secret"), old_string: SECRET, new_string: "edited" }),
    isDone: ({ outside }) => readFileSync(join(outside, "secret"), "utf8") === "edited\n",
    allowed: FULL,
  },
  // With a shell at hand the CLI offers neither Grep nor Glob.
  {
    what: "a grep inside",
    tool: "Grep",
    input: () => ({ pattern: "folder-note", output_mode: "content" }),
    isDone: shows("folder/old:"),
    allowed: ["workspace"],
  },
  {
    what: "a grep outside",
    tool: "Grep",
    input: ({ outside }) => ({ pattern: "o", path: outside, output_mode: "files_with_matches" }),
    isDone: shows("/secret"),
    allowed: [],
  },
  {
    what: "a grep through a linked folder",
    tool: "Grep",
    input: ({ inside }) => ({ pattern: "o", path: join(inside, "ways"), output_mode: "files_with_matches" }),
    isDone: shows("ways/secret"),
    allowed: [],
  },
  {
    what: "a glob inside",
    tool: "Glob",
    input: () => ({ pattern: "folder/*" }),
    isDone: shows("folder/old"),
    allowed: ["workspace"],
  },
  {
    what: "a glob outside",
    tool: "Glob",
    input: ({ outside }) => ({ pattern: "*", path: outside }),
    isDone: shows("/secret"),
    allowed: [],
  },
  {
    what: "a glob through ..",
    tool: "Glob",
    input: ({ outside }) => ({ pattern: `../${basename(outside)}/*` }),
    isDone: shows("/secret"),
    allowed: [],
    isQuiet: true,
  },
  // There is no network here: one that is let through fails in looking for its site.
  {
    what: "a fetch",
    tool: "WebFetch",
    input: () => ({ url: "https://example.invalid/", prompt: "x" }),
    isDone: shows("example.invalid"),
    allowed: WEB,
  },
  {
    what: "a search",
    tool: "WebSearch",
    input: () => ({ query: "node releases" }),
    isDone: shows(FOUND),
    allowed: WEB,
  },
];

function makePlaces(t: TestContext): Places {
  const root = makeFolder(t);
  const [inside, outside] = [join(root, "inside"), join(root, "outside")];
  mkdirSync(join(inside, "folder"), { recursive: true, mode: 0o700 });
  mkdirSync(outside);
  for (const name of ["secret", "secret-too"]) writeFileSync(join(outside, name), `${SECRET}\n`);
  writeFileSync(join(inside, "note"), `${NOTE}\n`);
  writeFileSync(join(inside, "folder/old"), "folder-note\n");
  symlinkSync(join(outside, "secret"), join(inside, "way"));
  symlinkSync(outside, join(inside, "ways"));
  return { inside, outside };
}

/** A web search is an API call of its own, with a tool of the API's. */
function isSearch({ body }: ApiCall): boolean {
  return body.tools?.some((tool) => "type" in tool && String(tool.type).startsWith("web_search")) ?? false;
}

/** Has the model use these tools, one after the other, and then end. */
function play(upstream: Upstream, uses: readonly Step[]): void {
  let at = 0;
  upstream.answer((call) => (isSearch(call) ? [{ text: FOUND }] : [uses[at++] ?? { text: "finished" }]));
}

/** The results of all tools, in order, as the API was given them last. */
function readResults({ calls }: Upstream): { result: string; isError: boolean }[] {
  const messages = calls.findLast((call) => !isSearch(call))?.body.messages ?? [];
  const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? (content as unknown[]) : []));
  return blocks.flatMap((block) =>
    isObject(block) && block["type"] === "tool_result"
      ? [{ result: JSON.stringify(block["content"]), isError: block["is_error"] === true }]
      : [],
  );
}

function toolNames({ calls }: Upstream): string[] {
  return (calls.findLast((call) => !isSearch(call))?.body.tools ?? []).map(({ name }) => name);
}

async function start(
  t: TestContext,
  profile: Profile,
  workspace?: string,
): Promise<{ upstream: Upstream; proxy: Proxy }> {
  const upstream = await startUpstream(t);
  const args = ["--tools", profile, "--spares", "0", ...(workspace === undefined ? [] : ["--workspace", workspace])];
  return { upstream, proxy: await startProxy(t, { upstream, args, env: { IS_SANDBOX: "1" } }) };
}

const ask = { model: "opus", messages: [user("go")] };
const CLIENT_TOOL = { type: "function", function: { name: "mine", parameters: { type: "object", properties: {} } } };

const FULL_WARNING = /warn --tools full: every request may run any command .* whoever can reach this port can too$/;

for (const profile of PROFILES) {
  test(`profile ${profile}: ${ATTEMPTS.length} attempts come to what it allows, and to no more`, async (t) => {
    const places = makePlaces(t);
    const { upstream, proxy } = await start(t, profile, places.inside);
    play(
      upstream,
      ATTEMPTS.map(({ tool, input }) => ({ tool, input: input(places) })),
    );
    assert.equal((await proxy.chat(ask)).status, 200);
    const results = readResults(upstream);
    assert.equal(results.length, ATTEMPTS.length);
    for (const [at, { what, allowed, isDone, isQuiet = false }] of ATTEMPTS.entries()) {
      const { result, isError } = results[at] ?? { result: "", isError: false };
      const isAllowed = allowed.includes(profile);
      assert.equal(isDone({ ...places, result, isError }), isAllowed, `${what}: ${result}`);
      if (!isAllowed) assert.ok(isError || isQuiet, `${what} is an error to the model: ${result}`);
    }
    const warnings = proxy.log.filter((line) => / warn (?!tool denied)/.test(line));
    assert.equal(warnings.length, profile === "full" ? 1 : 0, warnings.join("\n"));
    for (const line of warnings) assert.match(line, FULL_WARNING);
    // Whatever was read, it reached the API only where it may.
    assert.equal(
      results.some(({ result }) => result.includes(SECRET)),
      profile === "full",
    );
    const denials = proxy.log.filter((line) => line.includes("tool denied"));
    assert.equal(
      denials.some((line) => /warn tool denied tool=Read tools=workspace/.test(line)),
      profile === "workspace",
    );
    assert.doesNotMatch(denials.join("\n"), /secret|\//, "a denial names the tool, and nothing of its input");
  });
}

test("a request lowers its profile, and the next one has the server's again", async (t) => {
  const { upstream, proxy } = await start(t, "workspace");
  const namesUnder = async (headers: Record<string, string>): Promise<string[]> => {
    assert.equal((await proxy.chat(ask, { headers })).status, 200);
    return toolNames(upstream);
  };
  const all = ["Edit", "Glob", "Grep", "Read", "WebFetch", "WebSearch", "Write"];
  assert.deepEqual(await namesUnder({}), all);
  assert.deepEqual(await namesUnder({ "x-claude-tools": "web" }), ["WebFetch", "WebSearch"]);
  assert.deepEqual(await namesUnder({ "x-claude-tools": "none" }), []);
  assert.deepEqual(await namesUnder({ "x-claude-tools": "workspace" }), all);
});

test("a request that would raise its profile is a 403, and one that names none there is a 400", async (t) => {
  const { upstream, proxy } = await start(t, "web");
  for (const [asked, status] of [
    ["workspace", 403],
    ["full", 403],
    ["all", 400],
    ["web, full", 400],
  ] as const) {
    const response = await proxy.chat(ask, { headers: { "x-claude-tools": asked } });
    const { error } = (await response.json()) as { error: { param: string; message: string } };
    assert.deepEqual([response.status, error.param], [status, "x-claude-tools"], error.message);
  }
  assert.equal(upstream.calls.length, 0);
});

test("web_search_options allows the search alone, also under none and beside client tools", async (t) => {
  const { upstream, proxy } = await start(t, "none");
  play(upstream, [
    { tool: "WebSearch", input: { query: "node" } },
    { tool: "WebFetch", input: { url: "https://example.invalid/", prompt: "x" } },
  ]);
  const response = await proxy.chat({ ...ask, web_search_options: {} });
  assert.deepEqual([response.status, toolNames(upstream)], [200, ["WebSearch"]]);
  const [search, fetched] = readResults(upstream);
  assert.ok(search?.result.includes(FOUND));
  assert.ok(fetched?.isError && !fetched.result.includes("example.invalid"));
  upstream.answer(() => [{ text: "ok" }]);
  assert.equal((await proxy.chat({ ...ask, web_search_options: {}, tools: [CLIENT_TOOL] })).status, 200);
  assert.deepEqual(toolNames(upstream), ["WebSearch", "mcp__client__mine"]);
  assert.equal((await proxy.chat(ask)).status, 200);
  assert.deepEqual(toolNames(upstream), []);
});

test("client tools switch the CLI's own off, also when the model calls one of them all the same", async (t) => {
  const places = makePlaces(t);
  const { upstream, proxy } = await start(t, "full", places.inside);
  play(upstream, [{ tool: "Bash", input: { command: `echo x > ${places.inside}/shell` } }]);
  assert.equal((await proxy.chat({ ...ask, tools: [CLIENT_TOOL] })).status, 200);
  assert.deepEqual(toolNames(upstream), ["mcp__client__mine"]);
  assert.ok(readResults(upstream)[0]?.isError);
  assert.ok(!existsSync(join(places.inside, "shell")));
});

test("full gives the model's shell none of this program's keys, and no way to begin turns later", async (t) => {
  const upstream = await startUpstream(t);
  const env = {
    IS_SANDBOX: "1",
    CLAUDE_MAX_API_API_KEY: "key-of-this-program",
    TELEGRAM_BOT_TOKEN: "1:token-of-a-bot",
  };
  const proxy = await startProxy(t, { upstream, args: ["--tools", "full", "--spares", "0"], env });
  play(upstream, [
    { tool: "Bash", input: { command: "env" } },
    { tool: "Bash", input: { command: "true", run_in_background: true } },
  ]);
  assert.equal((await proxy.chat(ask, { headers: { authorization: "Bearer key-of-this-program" } })).status, 200);
  const [environment, background] = readResults(upstream);
  assert.match(environment?.result ?? "", /IS_SANDBOX=1/);
  assert.doesNotMatch(JSON.stringify(upstream.calls.map(({ body }) => body)), /key-of-this-program|token-of-a-bot/);
  assert.ok(background?.isError);
  const names = toolNames(upstream);
  assert.ok(names.includes("Bash"));
  for (const name of ["CronCreate", "Monitor", "ScheduleWakeup", "SendMessage", "Workflow"])
    assert.ok(!names.includes(name), name);
});

test("full as root without IS_SANDBOX=1 is one sentence, and exit 2", async (t) => {
  // Any other user may start it; what is checked then is that it does start.
  if (process.getuid?.() !== 0) return void (await start(t, "full"));
  const child = execFile(process.execPath, [BUNDLE, "--port", "0", "--tools", "full"], {
    env: { PATH: process.env["PATH"] },
  });
  let stderr = "";
  child.stderr?.on("data", (text: string) => (stderr += text));
  const [code] = (await once(child, "close")) as [number];
  assert.equal(code, 2);
  assert.equal(
    stderr,
    "Cannot use --tools full as root: the CLI wants IS_SANDBOX=1 set, which says that this is a sandbox\n",
  );
});
