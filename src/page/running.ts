/** The turns that run now, each with a button that stops it. */
import type { RunningTurn, Usage } from "../meter/usage.ts";
import { createKeyed, find, make, setText } from "./dom.ts";
import type { Live } from "./live.ts";
import { formatCount } from "./format.ts";

function toSeconds(beganAt: string): string {
  return `${((Date.now() - Date.parse(beganAt)) / 1000).toFixed(0)} s`;
}

function toRate({ tokens_per_second: rate, output_tokens: tokens }: RunningTurn): string {
  return rate === null ? (tokens === 0 ? "–" : `${formatCount(tokens)} tok`) : `${rate.toFixed(0)} tok/s`;
}

/** Shows the turns of each usage it is given. `showTime` is called once a second. */
export function createRunning(live: Live): { show(usage: Usage): void; showTime(): void } {
  const list = find("#running");
  const count = find("#running-count");
  const none = find("#running-none");
  let turns: readonly RunningTurn[] = [];

  async function stop(id: string, button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    button.textContent = "Stopping";
    const response = await live.request(`/usage/turns/${id}`, { method: "DELETE" }).catch(() => undefined);
    if (response?.ok) return;
    button.disabled = false;
    button.textContent = response?.status === 404 ? "Ended" : "Stop";
  }

  function create({ id, client, model }: RunningTurn): HTMLElement {
    const button = make("button", { type: "button", class: "stop", "aria-label": `Stop ${client}, ${model}` }, "Stop");
    button.addEventListener("click", () => void stop(id, button));
    return make(
      "li",
      { "data-id": id },
      make("span", { class: "client" }, client),
      make("span", { class: "model" }, model),
      make("span", { class: "start chip" }),
      make("span", { class: "seconds number" }),
      make("span", { class: "rate number" }),
      button,
    );
  }

  function update(item: HTMLElement, turn: RunningTurn): void {
    setText(find(".model", item), turn.model);
    setText(find(".start", item), turn.start ?? "queued");
    setText(find(".rate", item), toRate(turn));
  }

  const rows = createKeyed<RunningTurn>(list, { toKey: ({ id }) => id, create, update });

  function showTime(): void {
    for (const { id, began_at: beganAt } of turns)
      setText(find(`[data-id="${id}"] .seconds`, list), toSeconds(beganAt));
  }

  return {
    show(usage) {
      turns = usage.turns;
      rows.show(turns);
      setText(count, String(turns.length));
      none.hidden = turns.length > 0;
      showTime();
    },
    showTime,
  };
}
