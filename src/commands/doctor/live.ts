/** One tiny request, all the way: a server of its own on a free port, the CLI, the model. */
import { isObject } from "../../lib/json.ts";
import { createLog } from "../../lib/log.ts";
import { serve } from "../serve.ts";
import type { Config } from "../../config/config.ts";
import { askUsage } from "../usage/ask.ts";
import type { LiveFact } from "./check.ts";
import type { DoctorOptions } from "./facts.ts";

const PATIENCE_MS = 120_000;

function readAnswer(body: unknown, ms: number): LiveFact {
  if (isObject(body) && typeof body["model"] === "string") return { ms, model: body["model"], plan: null };
  const error = isObject(body) ? body["error"] : undefined;
  if (!isObject(error) || typeof error["message"] !== "string") return { problem: "the answer cannot be read" };
  return { problem: error["message"], ...(typeof error["code"] === "string" ? { code: error["code"] } : {}) };
}

/** Asks the model for one word. */
export async function askLive({ config, version, program }: DoctorOptions): Promise<LiveFact> {
  const own: Config = { ...config, host: "127.0.0.1", port: 0, apiKeys: [], spares: 0, tools: "none", demo: false };
  const served = await serve({ config: own, version, program, log: createLog("error") });
  try {
    const startedAt = performance.now();
    const response = await fetch(`${served.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        model: "claude-haiku-4",
        max_tokens: 16,
        messages: [{ role: "user", content: "Answer with the word ok." }],
      }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const answer = readAnswer(await response.json(), performance.now() - startedAt);
    if ("problem" in answer) return answer;
    const known = await askUsage({ ...own, port: Number(new URL(served.url).port) });
    return "usage" in known ? { ...answer, plan: known.usage.plan } : answer;
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "no answer" };
  } finally {
    await served.stop();
  }
}
