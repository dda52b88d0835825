/** Brings the page's copy of `/usage` up to date with what has changed. Pure. */
import type { Usage, UsageChange } from "../meter/usage.ts";

const MOST_RECENT = 200;

/** The list with the changed entries in the place of those with the same key; new ones come last. */
function upsert<Item>(held: readonly Item[], changed: readonly Item[], toKey: (item: Item) => string): readonly Item[] {
  if (changed.length === 0) return held;
  const items = new Map(held.map((item) => [toKey(item), item]));
  for (const item of changed) items.set(toKey(item), item);
  return [...items.values()];
}

/** The newest turns with those that ended since in front. */
function prepend(held: Usage["recent"], added: Usage["recent"]): Usage["recent"] {
  if (added.length === 0) return held;
  const known = new Set(added.map(({ id }) => id));
  return [...added, ...held.filter(({ id }) => !known.has(id))].slice(0, MOST_RECENT);
}

/** The usage after a change. Lists that have not changed stay the same objects. */
export function applyChange(usage: Usage, change: UsageChange): Usage {
  const { days = [], hour = [], recent = [], ...rest } = change;
  return {
    ...usage,
    ...rest,
    days: upsert(usage.days, days, ({ date }) => date),
    hour: upsert(usage.hour, hour, ({ at }) => at),
    recent: prepend(usage.recent, recent),
  };
}
