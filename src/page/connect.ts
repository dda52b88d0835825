/** Addresses, and ready-made settings for clients, each with a button that copies it. */
import type { Usage } from "../meter/usage.ts";
import { find, make, makeCopyButton } from "./dom.ts";
import { RECIPES } from "./recipe.ts";
import type { Recipe } from "./recipe.ts";

const UNUSED_KEY = "unused";
const HIDDEN_KEY = "YOUR_KEY";

function makeAddress(label: string, url: string): HTMLElement[] {
  return [
    make("span", { class: "label" }, label),
    make("code", {}, url),
    makeCopyButton(`Copy the ${label} address`, () => url),
  ];
}

/**
 * Arrow keys go from tab to tab, as the pattern for tabs has it. Source: https://www.w3.org/WAI/ARIA/apg/patterns/tabs/
 */
function moveByKeys(event: KeyboardEvent, tabs: readonly HTMLButtonElement[]): void {
  const steps: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const at = tabs.findIndex((tab) => tab === document.activeElement);
  const step = steps[event.key];
  const next = step !== undefined ? at + step : event.key === "Home" ? 0 : event.key === "End" ? -1 : undefined;
  if (next === undefined || at === -1) return;
  event.preventDefault();
  const tab = tabs.at(next % tabs.length);
  tab?.focus();
  tab?.click();
}

/**
 * Makes the section. The key is never shown: the page's own stands in the clipboard only where the user has typed it.
 */
export function createConnect(hasKey: () => boolean): { show(usage: Usage): void } {
  const card = find("#connect");
  const { origin } = location;
  let key = UNUSED_KEY;
  const where = make("p", { class: "where" });
  const text = make("pre", { tabindex: 0, "aria-label": "Settings" });
  const panel = make("div", { class: "recipe", role: "tabpanel", id: "recipe" });
  let chosen: Recipe | undefined = RECIPES[0];
  const copy = makeCopyButton("Copy these settings", () => chosen?.toText(origin, key) ?? "");
  panel.append(make("div", { class: "head" }, where, copy), text);

  const tabs = RECIPES.map((recipe) => {
    const tab = make(
      "button",
      { type: "button", role: "tab", "aria-controls": "recipe", id: `tab-${recipe.name}` },
      recipe.name,
    );
    tab.addEventListener("click", () => choose(recipe));
    return tab;
  });

  function choose(recipe: Recipe | undefined): void {
    chosen = recipe;
    for (const [at, tab] of tabs.entries()) {
      const isChosen = RECIPES[at] === recipe;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      if (isChosen) panel.setAttribute("aria-labelledby", tab.id);
    }
    const { command, where: file = "" } = recipe ?? {};
    where.textContent = command === undefined ? file : `${command} does it, or by hand: ${file}`;
    text.textContent = recipe?.toText(origin, key) ?? "";
  }

  const list = make("div", { class: "tabs", role: "tablist", "aria-label": "Clients" }, ...tabs);
  list.addEventListener("keydown", (event) => moveByKeys(event, tabs));
  const addresses = [
    ...makeAddress("OpenAI", `${origin}/v1`),
    ...makeAddress("Anthropic", origin),
    ...makeAddress("Ollama", origin),
  ];
  card.append(make("div", { class: "address" }, ...addresses), list, panel);
  choose(chosen);

  return {
    show() {
      const next = hasKey() ? HIDDEN_KEY : UNUSED_KEY;
      if (next === key) return;
      key = next;
      choose(chosen);
    },
  };
}
