/**
 * What each profile lets the model do, judged by the file system, the processes, and what reached the API; never by an
 * answer's words (P80, P81, P82).
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { isObject } from "../../src/lib/json.ts";
import { assistant, readText, user } from "../helpers/answer.ts";
import { makeFolder } from "../helpers/folder.ts";
import { BUNDLE, startProxy } from "../helpers/proxy.ts";
import type { Proxy } from "../helpers/proxy.ts";
import { createScope } from "../helpers/scope.ts";
import type { Scope } from "../helpers/scope.ts";
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
const KEY = "key-of-this-program";

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

function makePlaces(t: Scope): Places {
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

/** A server of one profile, shared by its tests. */
interface Stage {
  readonly places: Places;
  readonly upstream: Upstream;
  readonly proxy: Proxy;
  /** What was said in the conversation of its attempts: other tests go on with it, in its process. */
  readonly said: object[];
}

const stages = new Map<Profile, Promise<Stage>>();
const file = createScope();
after(() => file.end());

async function start(profile: Profile): Promise<Stage> {
  const places = makePlaces(file);
  const upstream = await startUpstream(file);
  const args = ["--tools", profile, "--spares", "0", "--workspace", places.inside];
  const env = { IS_SANDBOX: "1", CLAUDE_MAX_API_API_KEY: KEY, TELEGRAM_BOT_TOKEN: "1:token-of-a-bot" };
  return { places, upstream, proxy: await startProxy(file, { upstream, args, env }), said: [] };
}

function take(profile: Profile): Promise<Stage> {
  const stage = stages.get(profile) ?? start(profile);
  stages.set(profile, stage);
  return stage;
}

const go = user("go");
const CLIENT_TOOL = { type: "function", function: { name: "mine", parameters: { type: "object", properties: {} } } };

function post({ proxy }: Stage, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return proxy.chat(
    { model: "opus", messages: [go], ...body },
    { headers: { authorization: `Bearer ${KEY}`, ...headers } },
  );
}

/** Says the next thing in the conversation of the attempts. */
async function goOn(stage: Stage, headers: Record<string, string> = {}): Promise<void> {
  const messages = [...stage.said, go];
  const answer = await readText(await post(stage, { messages }, headers));
  stage.said.splice(0, stage.said.length, ...messages, assistant(answer));
}

const FULL_WARNING = /warn --tools full: every request may run any command .* whoever can reach this port can too$/;

test("web_search_options allows the search alone, also under none and beside client tools", async () => {
  const stage = await take("none");
  const { upstream } = stage;
  play(upstream, [
    { tool: "WebSearch", input: { query: "node" } },
    { tool: "WebFetch", input: { url: "https://example.invalid/", prompt: "x" } },
  ]);
  const response = await post(stage, { web_search_options: {} });
  assert.deepEqual([response.status, toolNames(upstream)], [200, ["WebSearch"]]);
  const [search, fetched] = readResults(upstream);
  assert.ok(search?.result.includes(FOUND));
  assert.ok(fetched?.isError && !fetched.result.includes("example.invalid"));
  upstream.answer(() => [{ text: "ok" }]);
  assert.equal((await post(stage, { web_search_options: {}, tools: [CLIENT_TOOL] })).status, 200);
  assert.deepEqual(toolNames(upstream), ["WebSearch", "mcp__client__mine"]);
});

for (const profile of PROFILES) {
  test(`profile ${profile}: ${ATTEMPTS.length} attempts come to what it allows, and to no more`, async () => {
    const stage = await take(profile);
    const { places, upstream, proxy } = stage;
    play(
      upstream,
      ATTEMPTS.map(({ tool, input }) => ({ tool, input: input(places) })),
    );
    await goOn(stage);
    // Also after turns that were allowed a search.
    if (profile === "none") assert.deepEqual(toolNames(upstream), []);
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

test("a request lowers its profile, and the next one has the server's again", async () => {
  const stage = await take("workspace");
  const { upstream } = stage;
  const all = ["Edit", "Glob", "Grep", "Read", "WebFetch", "WebSearch", "Write"];
  await goOn(stage);
  assert.deepEqual(toolNames(upstream), all);
  for (const [asked, names] of [
    ["web", ["WebFetch", "WebSearch"]],
    ["none", []],
  ] as const) {
    assert.equal((await post(stage, {}, { "x-claude-tools": asked })).status, 200);
    assert.deepEqual(toolNames(upstream), names);
  }
  await goOn(stage, { "x-claude-tools": "workspace" });
  assert.deepEqual(toolNames(upstream), all);
});

test("a request that would raise its profile is a 403, and one that names none there is a 400", async () => {
  const stage = await take("web");
  const { length } = stage.upstream.calls;
  for (const [asked, status] of [
    ["workspace", 403],
    ["full", 403],
    ["all", 400],
    ["web, full", 400],
  ] as const) {
    const response = await post(stage, {}, { "x-claude-tools": asked });
    const { error } = (await response.json()) as { error: { param: string; message: string } };
    assert.deepEqual([response.status, error.param], [status, "x-claude-tools"], error.message);
  }
  assert.equal(stage.upstream.calls.length, length);
});

test("client tools switch the CLI's own off, also when the model calls one of them all the same", async () => {
  const stage = await take("full");
  const { places, upstream } = stage;
  play(upstream, [{ tool: "Bash", input: { command: `echo x > ${places.inside}/another-shell` } }]);
  assert.equal((await post(stage, { tools: [CLIENT_TOOL] })).status, 200);
  assert.deepEqual(toolNames(upstream), ["mcp__client__mine"]);
  assert.ok(readResults(upstream)[0]?.isError);
  assert.ok(!existsSync(join(places.inside, "another-shell")));
});

test("full gives the model's shell none of this program's keys, and no way to begin turns later", async () => {
  const stage = await take("full");
  const { upstream } = stage;
  play(upstream, [
    { tool: "Bash", input: { command: "env" } },
    { tool: "Bash", input: { command: "true", run_in_background: true } },
  ]);
  await goOn(stage);
  const [environment, background] = readResults(upstream).slice(-2);
  assert.match(environment?.result ?? "", /IS_SANDBOX=1/);
  assert.doesNotMatch(JSON.stringify(upstream.calls.map(({ body }) => body)), /key-of-this-program|token-of-a-bot/);
  assert.ok(background?.isError);
  const names = toolNames(upstream);
  assert.ok(names.includes("Bash"));
  for (const name of ["CronCreate", "Monitor", "ScheduleWakeup", "SendMessage", "Workflow"])
    assert.ok(!names.includes(name), name);
});

test("full as root without IS_SANDBOX=1 is one sentence, and exit 2", async () => {
  // Any other user may start it; what is checked then is that it does start.
  if (process.getuid?.() !== 0) return void (await take("full"));
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
