/** The newest requests as a table that can be filtered. */
import type { RecentTurn, Usage } from "../meter/usage.ts";
import { createKeyed, find, make, setText } from "./dom.ts";
import { formatClock, formatCount, formatMs } from "./format.ts";

interface Filters {
  readonly text: string;
  readonly outcome: string;
  readonly client: string;
  readonly model: string;
}

function isShown(turn: RecentTurn, { text, outcome, client, model }: Filters): boolean {
  if (outcome !== "" && (outcome === "ok") !== (turn.error === null)) return false;
  if (client !== "" && turn.client !== client) return false;
  if (model !== "" && turn.model !== model) return false;
  const words = [
    turn.client,
    turn.model,
    turn.protocol,
    turn.error ?? "",
    turn.start ?? "",
    turn.status,
    turn.request_id,
  ];
  const all = words.join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

function toOutcome({ error, status }: RecentTurn): HTMLElement {
  const level = error === null ? "ok" : ["canceled", "stopped"].includes(error) ? "" : "bad";
  return make(
    "span",
    { class: "chip", "data-level": level },
    error === null ? String(status) : `${status} ${error.replaceAll("_", " ")}`,
  );
}

function toPrompt({ tokens: { input, cached } }: RecentTurn): HTMLElement {
  const all = input + cached;
  const share = all === 0 ? "" : ` (${Math.round((cached / all) * 100)} % cached)`;
  return make("span", {}, formatCount(all), make("span", { class: "soft" }, share));
}

function makeRow(turn: RecentTurn): HTMLElement {
  const ended = new Date(Date.parse(turn.at) + turn.ms);
  const cell = (name: string, ...children: readonly (Node | string)[]): HTMLElement =>
    make("td", { role: "cell", ...(name === "" ? {} : { class: name }) }, ...children);
  return make(
    "tr",
    { role: "row", title: turn.request_id },
    cell("figure", make("time", { datetime: ended.toISOString() }, formatClock(ended, true))),
    cell("", toOutcome(turn)),
    cell("", turn.client),
    cell("", turn.model),
    cell("", turn.start ?? "–"),
    cell("number", formatMs(turn.first_delta_ms)),
    cell("number", formatMs(turn.ms)),
    cell("number", toPrompt(turn)),
    cell("number", formatCount(turn.tokens.output)),
  );
}

/** Brings a list of choices up to date, and keeps what is chosen. */
function showChoices(select: HTMLSelectElement, names: readonly string[]): void {
  const wanted = [...new Set(names)].sort();
  const first = select.options[0];
  const shown = [...select.options].slice(1).map(({ value }) => value);
  if (!first || shown.join("\n") === wanted.join("\n")) return;
  const chosen = select.value;
  const kept = chosen === "" || wanted.includes(chosen) ? wanted : [...wanted, chosen];
  select.replaceChildren(first, ...kept.map((name) => make("option", { value: name }, name)));
  select.value = chosen;
}

/** Shows the requests of each usage it is given. */
export function createRecent(): { show(usage: Usage): void } {
  const form = find<HTMLFormElement>("#filters");
  const body = find("#recent tbody");
  const table = find("#recent");
  const count = find("#recent-count");
  const none = find("#recent-none");
  const rows = createKeyed<RecentTurn>(body, { toKey: ({ id }) => id, create: makeRow });
  const [text, outcome, client, model] = ["text", "outcome", "client", "model"].map((name) =>
    find<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`, form),
  );
  let recent: readonly RecentTurn[] = [];
  let since = "";

  function render(): void {
    const filters = {
      text: text?.value.trim() ?? "",
      outcome: outcome?.value ?? "",
      client: client?.value ?? "",
      model: model?.value ?? "",
    };
    const shown = recent.filter((turn) => isShown(turn, filters));
    rows.show(shown);
    setText(count, shown.length === recent.length ? String(recent.length) : `${shown.length} of ${recent.length}`);
    setText(none, recent.length === 0 ? "No request yet." : "No request fits the filter.");
    none.hidden = shown.length > 0;
    table.hidden = shown.length === 0;
  }

  form.addEventListener("input", render);
  form.addEventListener("submit", (event) => event.preventDefault());

  return {
    show(usage) {
      if (usage.recent === recent) return;
      // A server that was started anew counts its turns from one: no row of the old one may stand for them.
      if (usage.since !== since) rows.show([]);
      since = usage.since;
      recent = usage.recent;
      if (client instanceof HTMLSelectElement)
        showChoices(
          client,
          recent.map((turn) => turn.client),
        );
      if (model instanceof HTMLSelectElement)
        showChoices(
          model,
          recent.map((turn) => turn.model),
        );
      render();
    },
  };
}
