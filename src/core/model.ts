/** Model names: what clients write, what the CLI is told, and what there is. */
import { ProxyError } from "./error.ts";

/** A model of the account, as the CLI lists it: `value` is what the CLI takes, `id` what really answers. */
export interface CatalogueEntry {
  readonly value: string;
  readonly id: string;
  readonly name: string;
  /** The model can answer faster, at a higher price; absent where the CLI does not say so. */
  readonly hasFastMode?: true;
}

/** The most that a model takes and gives, in tokens, as the CLI tells with an answer of it. */
export interface ModelLimits {
  readonly contextTokens: number;
  readonly outputTokens: number;
}

/** A model as it is listed. */
export interface ModelInfo {
  readonly id: string;
  readonly name: string;
  /** Absent until the model has answered once. */
  readonly limits?: ModelLimits;
}

/** All that is known of the models of this account, in the shape in which it is kept over restarts. */
export interface KnownModels {
  readonly catalogue: readonly CatalogueEntry[];
  /** By the model's full id. */
  readonly limits: Readonly<Record<string, ModelLimits>>;
}

/** A model that a request asks for. */
export interface ResolvedModel {
  /** The CLI's argument: a family's name, or a pinned id. */
  readonly argument: string;
  /**
   * True for an id. The CLI must be given it with `--model` at spawn: on stdin it may check it with an API call ("Hi")
   * of its own.
   */
  readonly isPinned: boolean;
  /** The id that is expected to answer; the same as `argument` while the catalogue does not say. */
  readonly id: string;
}

/** All models that can be asked for. */
export interface Models {
  /**
   * Resolves a name as a client wrote it: alias, provider prefix, family or pinned id, with `:latest` or without.
   * @throws ProxyError `model_not_found` naming what there is.
   */
  resolve(name: string): ResolvedModel;
  /** Everything a client may ask for: families first, then aliases, then the account's catalogue. */
  list(): ModelInfo[];
  /** True for a model that the catalogue has with a fast mode; `argument` is the CLI's name of it. */
  hasFastMode(argument: string): boolean;
  /**
   * Takes the account's catalogue; an empty one tells nothing. Only from a process started without a model: one started
   * with `--model X` lists X, which a client may have made up.
   */
  setCatalogue(entries: readonly CatalogueEntry[]): void;
  /** Takes the limits of models by their full ids, as an answer has told them. */
  setLimits(limits: KnownModels["limits"]): void;
  /** The limits of the model with this full id; undefined while they are not known. */
  findLimits(id: string): ModelLimits | undefined;
  /** Takes what an earlier server knew; what this one has been told already stays. */
  restore(known: KnownModels): void;
  /** True once a process of this server has told the catalogue. */
  readonly isCatalogued: boolean;
}

/** A family is served by the CLI's newest model of it. */
const FAMILIES: Readonly<Record<string, string>> = {
  "claude-opus-4": "opus",
  "claude-sonnet-4": "sonnet",
  "claude-haiku-4": "haiku",
  opus: "opus",
  sonnet: "sonnet",
  haiku: "haiku",
  fable: "fable",
};

/** The names of all families, in the order they are listed. */
export const FAMILY_NAMES: readonly string[] = Object.keys(FAMILIES);

// First-party ids, and as Bedrock (`us.anthropic.claude-…-v1:0`) and Vertex (`claude-…@20251101`) spell them.
// `[1m]` is the CLI's own suffix for the long context window.
const PINNED = /^(?:[a-z]{2,6}(?:-gov)?\.)?(?:anthropic\.)?claude-[a-z0-9][a-z0-9.:@-]{0,95}(?:\[1m\])?$/;

/** The CLI's suffix for the long context window, and the window it asks for, in tokens. */
export const LONG_CONTEXT = /\[1m\]$/;
const LONG_CONTEXT_TOKENS = 1_000_000;
/** Most models whose limits are kept: clients may name any. */
const MOST_LIMITS = 200;

/** The generation of an id, such as 4.5 for `claude-opus-4-5-20251101`, 4 for `claude-sonnet-4-20250514`. */
const GENERATION = /claude-(?:[a-z]+-)?(\d{1,2})(?:-(\d{1,2}))?(?!\d)/;

/**
 * True for the id of a model that takes a budget of thinking tokens: generation 4.5 and older. Newer ones think as hard
 * as their effort says, and the CLI drops a budget for them (measured with 2.1.330: sonnet-4-5, opus-4-5 against 4-6,
 * 5, 5-5).
 */
export function hasThinkingBudget(id: string): boolean {
  const [, major, minor = "0"] = GENERATION.exec(id) ?? [];
  return major !== undefined && (Number(major) < 4 || (Number(major) === 4 && Number(minor) <= 5));
}

/** True for the id of a model that can think: all since Claude 3.7. Of an unknown name it is taken to be true. */
export function canThink(id: string): boolean {
  const [, major, minor = "0"] = GENERATION.exec(id) ?? [];
  return major === undefined || Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 7);
}

/** "anthropic/claude-opus-4" and "claude-code-cli/opus" name the same models as without the prefix. */
function toBare(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/**
 * The name without Ollama's tag, which says nothing here. In every protocol: VS Code reads names from Ollama's list and
 * asks Chat Completions.
 */
export const toUntagged = (name: string): string => name.replace(/:latest$/, "");

/** True for names of one model, whichever context window they ask for. */
const isLike =
  (one: string) =>
  (other: string): boolean =>
    one.replace(LONG_CONTEXT, "") === other.replace(LONG_CONTEXT, "");

/** The limits of this id; with the long context window, those of the model without it as far as they hold. */
function findLimitsIn(limits: KnownModels["limits"], id: string): ModelLimits | undefined {
  const told = Object.hasOwn(limits, id) ? limits[id] : undefined;
  if (told !== undefined || !LONG_CONTEXT.test(id)) return told;
  const short = findLimitsIn(limits, id.replace(LONG_CONTEXT, ""));
  return short && { ...short, contextTokens: Math.max(short.contextTokens, LONG_CONTEXT_TOKENS) };
}

/** A family may be listed with its long context window alone (P17). */
function isFast(catalogue: readonly CatalogueEntry[], argument: string): boolean {
  return catalogue.some(({ value, id, hasFastMode }) => hasFastMode === true && [value, id].some(isLike(argument)));
}

/** The model of this exact name, as the CLI takes it. */
function findIn(catalogue: readonly CatalogueEntry[], name: string): ResolvedModel | undefined {
  const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  const value = family ?? name;
  const entry = catalogue.find((held) => held.value === value) ?? catalogue.find((held) => held.id === value);
  const isPinned = family === undefined && (entry === undefined || entry.value !== value || PINNED.test(value));
  if (entry) return { argument: value, isPinned, id: entry.id };
  return family !== undefined || PINNED.test(value) ? { argument: value, isPinned, id: value } : undefined;
}

/**
 * Makes the table. `aliases` maps names that clients hard-code to names that are served; `onChange` is told all that is
 * known whenever more of it is.
 */
export function createModels(
  aliases: ReadonlyMap<string, string>,
  onChange: (known: KnownModels) => void = () => undefined,
): Models {
  let catalogue: readonly CatalogueEntry[] = [];
  let isCatalogued = false;
  let limits: KnownModels["limits"] = {};

  /** A list that says nothing new is no change. */
  function change(next: KnownModels): void {
    const isNew = JSON.stringify(next) !== JSON.stringify({ catalogue, limits });
    ({ catalogue, limits } = next);
    if (isNew) onChange(next);
  }

  const findLimits = (id: string): ModelLimits | undefined => findLimitsIn(limits, id);
  const find = (name: string): ResolvedModel | undefined => findIn(catalogue, name);

  /** Also for the target of an alias, which may have a prefix. */
  const toInfo = (id: string, name: string, target: string): ModelInfo => {
    const found = findLimits((find(target) ?? find(toBare(target)))?.id ?? target);
    return { id, name, ...(found ? { limits: found } : {}) };
  };

  function list(): ModelInfo[] {
    const infos = new Map<string, ModelInfo>();
    for (const id of FAMILY_NAMES) infos.set(id, toInfo(id, find(id)?.id ?? id, id));
    for (const [id, target] of aliases) infos.set(id, toInfo(id, target, target));
    for (const { id, name } of catalogue) infos.set(id, toInfo(id, name, id));
    return [...infos.values()];
  }

  return {
    resolve(name) {
      const untagged = toUntagged(name);
      const aliased = aliases.get(name) ?? aliases.get(untagged) ?? untagged;
      const bare = toBare(aliased);
      const resolved = find(aliased) ?? find(toBare(aliases.get(bare) ?? bare));
      if (resolved) return resolved;
      const known = list().map(({ id }) => id);
      const message = `Cannot find model: ${name.slice(0, 100)} is not one of ${known.join(", ")}`;
      throw new ProxyError("model_not_found", message, { param: "model" });
    },
    list,
    findLimits,
    hasFastMode: (argument) => isFast(catalogue, argument),
    setCatalogue(entries) {
      if (entries.length === 0) return;
      isCatalogued = true;
      change({ catalogue: entries, limits });
    },
    setLimits(told) {
      const all = Object.entries({ ...limits, ...told }).slice(-MOST_LIMITS);
      change({ catalogue, limits: Object.fromEntries(all) });
    },
    restore(known) {
      if (catalogue.length === 0) catalogue = known.catalogue;
      limits = { ...known.limits, ...limits };
    },
    get isCatalogued() {
      return isCatalogued;
    },
  };
}
