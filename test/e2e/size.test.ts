/** Requests as large, deep or wide as they get: they are answered or refused, and nobody else waits for them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, beforeEach, test } from "node:test";
import { TO_CALLS, toCrowd } from "../codec/load.ts";
import { LINUX_ONLY } from "../helpers/processes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { startUpstream } from "../helpers/upstream.ts";

const upstream = await startUpstream({ after });
const proxy = await startProxy({ after }, { upstream, args: ["--spares", "0"] });
beforeEach(() => upstream.reset());

const TURNS = ["/v1/chat/completions", "/v1/responses", "/v1/messages"];
const PATHS = [...TURNS, "/v1/messages/count_tokens"];
const DEEP = `${'{"x":'.repeat(20_000)}1${"}".repeat(20_000)}`;

interface Answered {
  readonly status: number;
  readonly message: string;
}

async function post(path: string, body: string): Promise<Answered> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${proxy.url}${path}`, { method: "POST", headers, body });
  const { error } = (await response.json()) as { error?: { message: string } };
  return { status: response.status, message: error?.message ?? "" };
}

/** CPU time of the server so far, in milliseconds; Linux. */
function readServerCpuMs(): number {
  const fields = readFileSync(`/proc/${proxy.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

for (const path of PATHS) {
  test(
    `${path}: a body nested 20,000 levels deep is a 400 that names the field, and nothing runs`,
    LINUX_ONLY,
    async () => {
      const toBody = (name: string, held: string): string =>
        `{"model":"opus","max_tokens":1,"messages":[{"role":"user","content":"hi"}],"input":"hi","${name}":${held}}`;
      const call = `[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":${DEEP}}]}]`;
      const cases = [
        ["input", `[{"type":"message","role":"user","content":"hi","x":${DEEP}}]`],
        ["messages", call],
        ["text", DEEP],
        ["tools", `[{"type":"function","name":"a","parameters":${DEEP}}]`],
      ] as const;
      for (const [name, held] of cases) {
        const { status, message } = await post(path, toBody(name, held));
        assert.deepEqual([status, message], [400, `Cannot read ${name}: nested more than 100 levels deep`]);
      }
      assert.equal(upstream.calls.length, 0);
    },
  );

  test(`${path}: 40,000 user messages, or 20,000 calls and results, are a 400 at once`, LINUX_ONLY, async () => {
    const toCalls = TO_CALLS[path.replace("/count_tokens", "")];
    assert.ok(toCalls);
    const before = readServerCpuMs();
    for (const body of [toCrowd(40_000), toCalls(20_000)]) {
      const { status, message } = await post(path, JSON.stringify(body));
      assert.equal(status, 400);
      assert.match(message, /expected at most 10000 items|more than 250000 values/);
    }
    // 13 s and more in quadratic time.
    const ms = readServerCpuMs() - before;
    assert.ok(ms < 3000, `${ms} ms of CPU`);
  });
}

for (const path of TURNS) {
  test(
    `${path}: 2,000 user messages, and 1,000 calls and results, reach the model as they are`,
    LINUX_ONLY,
    async () => {
      const toCalls = TO_CALLS[path];
      assert.ok(toCalls);
      for (const [body, count] of [
        [toCrowd(2000), 2000],
        [toCalls(1000), 1000],
      ] as const) {
        upstream.reset();
        upstream.answer(() => [{ text: "hi" }]);
        assert.equal((await post(path, JSON.stringify(body))).status, 200);
        const last = (await upstream.called(1)).body.messages.findLast(({ role }) => role === "user");
        const blocks = Array.isArray(last?.content) ? last.content : [];
        assert.ok(blocks.length >= count, `${blocks.length} blocks`);
      }
    },
  );
}
