/** P70 to P79: failures of the API, and the plan's limits. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../../src/lib/json.ts";
import type { Step } from "../../../test/helpers/upstream.ts";
import type { Measurement, Probe } from "../probe.ts";
import { get } from "../session.ts";
import type { Session } from "../session.ts";

const PLAN_LOGIN = { CLAUDE_CODE_OAUTH_TOKEN: "made-up" };
const RESET = Math.floor(Date.now() / 1000) + 3600;
const NAME = "anthropic-ratelimit-unified";

function toHeaders(utilization: number, status = "allowed"): Record<string, string> {
  return {
    [`${NAME}-status`]: status,
    [`${NAME}-reset`]: String(RESET),
    [`${NAME}-representative-claim`]: "five_hour",
    [`${NAME}-5h-status`]: status,
    [`${NAME}-5h-utilization`]: String(utilization),
    [`${NAME}-5h-reset`]: String(RESET),
    [`${NAME}-7d-status`]: "allowed",
    [`${NAME}-7d-utilization`]: "0.1",
    [`${NAME}-7d-reset`]: String(RESET + 86_400),
  };
}

const toLimits = ({ messages }: Session): JsonObject[] =>
  messages.filter(({ type }) => type === "rate_limit_event").map((message) => get(message, "rate_limit_info"));

/** The result of a turn of a new process that the API answers with these steps. */
async function fail(probe: Probe, steps: readonly Step[], env = {}): Promise<{ session: Session; result: JsonObject }> {
  probe.api.reset();
  probe.api.answer(() => steps);
  const session = await probe.open({ env });
  return { session, result: await session.turn("go") };
}

export const FAILURES: Readonly<Record<string, Measurement>> = {
  async P70(probe) {
    for (const status of [400, 403, 404, 413]) {
      const { session, result } = await fail(probe, [{ status }]);
      assert.deepEqual([result["is_error"], result["api_error_status"]], [true, status]);
      const synthetic = session.messages.find((message) => get(message, "message")["model"] === "<synthetic>");
      assert.equal(typeof synthetic?.["error"], "string");
    }
  },
  async P71(probe) {
    for (const status of [401, 429, 500]) {
      probe.api.reset();
      probe.api.answer(() => [{ status }]);
      const session = await probe.open();
      session.say("go");
      const retry = await session.next(({ subtype }) => subtype === "api_retry");
      assert.deepEqual([retry["attempt"], retry["error_status"]], [1, status]);
      assert.equal(typeof retry["retry_delay_ms"], "number");
      session.kill("SIGTERM");
    }
  },
  async P72(probe) {
    probe.api.answer(() => [{ status: 529, type: "overloaded_error" }]);
    const session = await probe.open();
    session.say("go");
    const retry = await session.next(({ subtype }) => subtype === "api_retry");
    assert.deepEqual([retry["error_status"], retry["error"], retry["max_retries"]], [529, "overloaded", 10]);
    session.kill("SIGTERM");
  },
  async P73(probe) {
    const session = await probe.open({ env: { ANTHROPIC_API_KEY: "" } });
    const result = await session.turn("go");
    assert.equal(result["is_error"], true);
    const failure = session.messages.find(({ type, error }) => type === "assistant" && error !== undefined);
    assert.equal(failure?.["error"], "authentication_failed");
  },
  async P75(probe) {
    const { session } = await fail(probe, [{ headers: toHeaders(0.42) }, { text: "ok" }], PLAN_LOGIN);
    const [info] = toLimits(session);
    const { status, isUsingOverage, resetsAt, rateLimitType } = info ?? {};
    assert.deepEqual([status, isUsingOverage, resetsAt, rateLimitType], ["allowed", false, RESET, "five_hour"]);
    const { utilization, resetsAt: end } = get(info, "unifiedWindows", "five_hour");
    assert.deepEqual([utilization, end], [0.42, RESET]);
    assert.equal(get(info, "unifiedWindows", "seven_day")["utilization"], 0.1);
  },
  async P76(probe) {
    const { session } = await fail(probe, [{ headers: toHeaders(0.42) }, { text: "ok" }], PLAN_LOGIN);
    const order = session.messages.map(({ type, event }) => (type === "stream_event" ? get(event)["type"] : type));
    assert.deepEqual(order.slice(-3), ["message_stop", "rate_limit_event", "result"]);
    await session.turn("the same again");
    assert.equal(toLimits(session).length, 1);
    probe.api.answer(() => [{ headers: toHeaders(0.43) }, { text: "ok" }]);
    await session.turn("more");
    assert.equal(toLimits(session).length, 2);
  },
  async P77(probe) {
    const headers = toHeaders(1, "rejected");
    const { session, result } = await fail(probe, [{ status: 429, type: "rate_limit_error", headers }], PLAN_LOGIN);
    assert.equal(result["api_error_status"], 429);
    assert.equal(toLimits(session).at(-1)?.["status"], "rejected");
    assert.equal(probe.api.calls.length, 1);
  },
  async P78(probe) {
    const { session } = await fail(probe, [{ headers: toHeaders(0.42) }, { text: "ok" }], PLAN_LOGIN);
    assert.equal(get(toLimits(session)[0], "unifiedWindows", "five_hour")["status"], "allowed");
  },
  async P79(probe) {
    const headers = { ...toHeaders(1, "rejected"), [`${NAME}-overage-status`]: "allowed" };
    const { session, result } = await fail(probe, [{ headers }, { text: "ok" }], PLAN_LOGIN);
    assert.equal(result["is_error"], false);
    const { status, overageStatus, isUsingOverage } = toLimits(session).at(-1) ?? {};
    assert.deepEqual([status, overageStatus, isUsingOverage], ["rejected", "allowed", true]);
  },
};
