/** Bytes of a bare "hi" at the API: through the proxy, and from the CLI by itself. */
import { runSpawned } from "./hand.ts";
import type { Place } from "./place.ts";
import type { Proxy } from "./proxy.ts";
import { atMost, state } from "./report.ts";
import type { Findings } from "./report.ts";

const MOST_BYTES = 2200;

/** The longest API call since this was last asked: a CLI may make small ones of its own. */
async function takeLongest(place: Place): Promise<number> {
  const response = await fetch(`${place.apiUrl}/calls`);
  return Math.max(...((await response.json()) as number[]));
}

/** Counts the bytes of both calls. */
export async function measureBytes(place: Place, { client }: Proxy): Promise<Findings> {
  await client.stream([{ role: "user", content: "hi" }]);
  const ours = await takeLongest(place);
  await runSpawned(place, "hi");
  const theirs = await takeLongest(place);
  return {
    rows: [
      atMost('"hi" at the API: proxy', ours, MOST_BYTES, " bytes"),
      state("… claude -p with its own prompt and tools", `${theirs} bytes`),
    ],
    samples: { '"hi" at the API, proxy, bytes': [ours], '"hi" at the API, claude -p, bytes': [theirs] },
  };
}
