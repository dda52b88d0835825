/**
 * The largest requests that are served: how long they hold up everybody else, beside the time that `JSON.parse` takes.
 */
import type { ChatMessage } from "./client.ts";
import type { Proxy } from "./proxy.ts";
import { state, toText } from "./report.ts";
import type { Findings, Row } from "./report.ts";
import type { Tally } from "./rounds.ts";

/** Most messages of one request. */
const MESSAGES = 10_000;

/** By name: as many messages as one request may hold. The fake CLI answers with the last text. */
const SHAPES: Readonly<Record<string, readonly ChatMessage[]>> = {
  [`${MESSAGES} user messages`]: Array.from({ length: MESSAGES }, (_, at) => ({
    role: "user",
    content: `message ${at}`,
  })),
  "a history of 30 MB": [
    { role: "user", content: "A text of thirty megabytes. ".repeat(1_100_000) },
    { role: "assistant", content: "I have read it." },
    { role: "user", content: "Go on." },
  ],
  [`${MESSAGES} messages in turns`]: Array.from({ length: MESSAGES - 1 }, (_, at) => ({
    role: at % 2 === 0 ? "user" : "assistant",
    content: `message ${at}`,
  })),
};

/** Asks for `/health` again and again until `act` is done; gives the longest time one of the answers took. */
async function measureHeldMs({ client }: Proxy, act: () => Promise<void>): Promise<number> {
  let isOver = false;
  let most = 0;
  async function watch(): Promise<void> {
    while (!isOver) {
      const startedAt = performance.now();
      await client.read("/health");
      most = Math.max(most, performance.now() - startedAt);
    }
  }
  const watching = watch();
  await act().finally(() => {
    isOver = true;
  });
  await watching;
  return most;
}

function measureParseMs(messages: readonly ChatMessage[]): number {
  const text = JSON.stringify({ messages });
  const startedAt = performance.now();
  JSON.parse(text);
  return performance.now() - startedAt;
}

/** Sends each shape a few times and takes the best: what else the machine did meanwhile is not the proxy's. */
export async function measureLarge(proxy: Proxy, rounds: number, tally: Tally): Promise<Findings> {
  const rows: Row[] = [];
  const samples: Record<string, number[]> = {};
  for (const [name, messages] of Object.entries(SHAPES)) {
    const held: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const act = async (): Promise<void> => {
        const { text } = await proxy.client.ask(messages);
        tally.check(text === "" ? "" : "answered", "answered");
      };
      held.push(await measureHeldMs(proxy, act));
    }
    const parseMs = measureParseMs(messages);
    samples[`largest legal request, ${name}, held, ms`] = held;
    rows.push(
      state(`largest legal request, ${name}: JSON.parse alone`, `${toText(parseMs)} ms`),
      state("… longest wait of another client meanwhile", `${toText(Math.min(...held))} ms`),
    );
  }
  return { rows, samples };
}
