/** One tiny request, all the way: a server of its own on a free port, the CLI, the model. */
import { randomUUID } from "node:crypto";
import { createLog } from "../../lib/log.ts";
import { serve } from "../serve.ts";
import type { Config } from "../../config/config.ts";
import { askUsage } from "../usage/ask.ts";
import type { LiveFact } from "./check.ts";
import type { DoctorOptions } from "./facts.ts";

/** Longest silence of the CLI that is waited for here. */
const MOST_SILENT_SECONDS = 120;

/** The answers of our own server. */
type Answer =
  | { readonly model: string; readonly error?: undefined }
  | { readonly error: { readonly message: string; readonly code: string | null } };

/** Asks the model for one word. */
export async function askLive({ config, version, program }: DoctorOptions): Promise<LiveFact> {
  const activityTimeoutSeconds = Math.min(config.activityTimeoutSeconds, MOST_SILENT_SECONDS);
  const key = randomUUID();
  const own: Config = {
    ...{ ...config, host: "127.0.0.1", port: 0, spares: 0, tools: "none", demo: false, requestMcpHosts: [] },
    activityTimeoutSeconds,
    // Every user of the machine can find the port.
    apiKeys: [key],
    // Its turn is no news, and its state folder knows of no notice that was sent.
    telegram: { ...config.telegram, chats: [] },
  };
  const served = await serve({ config: own, version, program, log: createLog("error") });
  try {
    const startedAt = performance.now();
    const response = await fetch(`${served.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({
        model: "claude-haiku-4",
        max_tokens: 16,
        messages: [{ role: "user", content: "Answer with the word ok." }],
      }),
    });
    const answer = (await response.json()) as Answer;
    const ms = performance.now() - startedAt;
    if (answer.error) return { problem: answer.error.message, code: answer.error.code };
    const known = await askUsage({ ...own, port: Number(new URL(served.url).port) });
    return { ms, model: answer.model, plan: "usage" in known ? known.usage.plan : null };
  } finally {
    await served.stop();
  }
}
