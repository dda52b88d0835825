/** The channel over the fake CLI: requests and their answers, messages in order, one end for all that waits. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CliEndedError, openChannel } from "../../../src/cli/protocol/channel.ts";
import type { AnswerRequest, Channel } from "../../../src/cli/protocol/channel.ts";
import type { TurnMessage } from "../../../src/cli/protocol/message.ts";
import { toUserLine } from "../../../src/cli/request/content.ts";

const FAKE_CLI = join(import.meta.dirname, "../../fixtures/fake-cli.sh");
const HI = toUserLine({ role: "user", content: [{ type: "text", text: "hi" }] });

interface Opened {
  readonly channel: Channel;
  readonly messages: TurnMessage[];
  /** Settles with the error of an end that was not asked for. */
  readonly lost: Promise<CliEndedError>;
  /** How often such an end was told. */
  countLosses(): number;
  /** Settles with the next result. */
  readonly finished: Promise<void>;
  readonly lines: string[];
}

function open(t: TestContext, mode: string, answer: AnswerRequest = () => undefined): Opened {
  const messages: TurnMessage[] = [];
  const lines: string[] = [];
  let losses = 0;
  let lose = (_error: CliEndedError): void => undefined;
  let finish = (): void => undefined;
  const lost = new Promise<CliEndedError>((resolve) => (lose = resolve));
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const channel = openChannel({
    command: { file: FAKE_CLI, args: [], cwd: "/", env: { ...process.env, FAKE_CLI: mode } },
    answer,
    onMessage(message) {
      messages.push(message);
      if (message.type === "result") finish();
    },
    onLost(error) {
      losses++;
      lose(error);
    },
    trace: (line) => void lines.push(line),
  });
  t.after(() => channel.close("term"));
  return { channel, messages, lost, countLosses: () => losses, finished, lines };
}

test("a request is answered, and the messages of a turn come in order", async (t) => {
  const { channel, messages, finished, lines } = open(t, "echo");
  assert.equal(channel.lastLineAt, 0);
  assert.deepEqual(await channel.request({ subtype: "list_models" }), { models: [] });
  assert.ok(channel.lastLineAt > 0);
  channel.send(HI);
  await finished;
  assert.deepEqual(
    messages.map((message) => (message.type === "api" ? message.event.type : message.type)),
    ["message_start", "block_start", "text", "other", "message_delta", "message_stop", "result"],
  );
  assert.ok(lines.includes(JSON.stringify(HI)), "what is written is traced");
});

test("requests of the CLI are answered by the caller, also later, and its throw is their error", async (t) => {
  const { channel, finished, lines } = open(t, "ask", ({ subtype }, respond) => {
    if (subtype === "unknown") throw new Error("unknown control request");
    setImmediate(() => respond({ told: subtype }));
  });
  channel.send(HI);
  await finished;
  const answers = lines.filter((line) => line.includes("control_response")).map((line) => JSON.parse(line).response);
  assert.deepEqual(
    answers.sort((a, b) => (a.request_id < b.request_id ? -1 : 1)),
    [
      { subtype: "success", response: { told: "known" }, request_id: "a1" },
      { subtype: "error", error: "unknown control request", request_id: "a2" },
    ],
  );
});

test("an end that was not asked for is told once, and fails what waits and what comes after", async (t) => {
  const { channel, lost, countLosses } = open(t, "silent");
  channel.send(HI);
  process.kill(channel.pid ?? 0, "SIGSTOP");
  const waiting = channel.request({ subtype: "list_models" });
  process.kill(channel.pid ?? 0, "SIGKILL");
  await assert.rejects(waiting, CliEndedError);
  assert.ok((await lost) instanceof CliEndedError);
  await assert.rejects(channel.request({ subtype: "list_models" }), CliEndedError);
  await channel.gone;
  assert.equal(countLosses(), 1);
});

test("a line that is not JSON ends the process", async (t) => {
  const { channel, lost } = open(t, "garbage");
  channel.send(HI);
  assert.match(String((await lost).cause), /not JSON/);
  await channel.gone;
});

test("a close that was asked for is no loss: what waits is told so, and nothing more is heard", async (t) => {
  const { channel, messages, lost } = open(t, "echo");
  process.kill(channel.pid ?? 0, "SIGSTOP");
  const waiting = channel.request({ subtype: "list_models" });
  channel.send(HI);
  const closed = channel.close("term");
  process.kill(channel.pid ?? 0, "SIGCONT");
  await assert.rejects(waiting, { kind: "unavailable" });
  await closed;
  assert.deepEqual(messages, []);
  assert.equal(await Promise.race([lost, "not lost"]), "not lost");
});
