/** Model names: what clients write, what the CLI is told, and what there is. */
import { ProxyError } from "./error.ts";

/** A model of the account, as the CLI lists it: `value` is what the CLI takes, `id` what really answers. */
export interface CatalogueEntry {
  readonly value: string;
  readonly id: string;
  readonly name: string;
}

/** A model as it is listed. */
export interface ModelInfo {
  readonly id: string;
  readonly name: string;
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
   * Resolves a name as a client wrote it: alias, provider prefix, family or pinned id.
   * @throws ProxyError `model_not_found` naming what there is.
   */
  resolve(name: string): ResolvedModel;
  /** Everything a client may ask for: families first, then aliases, then the account's catalogue. */
  list(): ModelInfo[];
  /**
   * Takes the account's catalogue; an empty one tells nothing. Only from a process started without a model: one started
   * with `--model X` lists X, which a client may have made up.
   */
  setCatalogue(entries: readonly CatalogueEntry[]): void;
  /** True once there is a catalogue. */
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

/** The generation of an id, such as 4.5 for `claude-opus-4-5-20251101`, 4 for `claude-sonnet-4-20250514`. */
const GENERATION = /claude-(?:[a-z]+-)?(\d{1,2})(?:-(\d{1,2}))?(?!\d)/;

/**
 * True for the id of a model that takes a budget of thinking tokens: generation 4.5 and older. Newer ones think as hard
 * as
 * their effort says, and the CLI drops a budget for them (measured with 2.1.330: sonnet-4-5, opus-4-5 against 4-6, 5,
 * 5-5).
 */
export function hasThinkingBudget(id: string): boolean {
  const [, major, minor = "0"] = GENERATION.exec(id) ?? [];
  return major !== undefined && (Number(major) < 4 || (Number(major) === 4 && Number(minor) <= 5));
}

/** "anthropic/claude-opus-4" and "claude-code-cli/opus" name the same models as without the prefix. */
function toBare(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Makes the table. `aliases` maps names that clients hard-code to names that are served. */
export function createModels(aliases: ReadonlyMap<string, string>): Models {
  let catalogue: readonly CatalogueEntry[] = [];

  function find(name: string): ResolvedModel | undefined {
    const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
    const value = family ?? name;
    const entry = catalogue.find((held) => held.value === value) ?? catalogue.find((held) => held.id === value);
    const isPinned = family === undefined && (entry === undefined || entry.value !== value || PINNED.test(value));
    if (entry) return { argument: value, isPinned, id: entry.id };
    return family !== undefined || PINNED.test(value) ? { argument: value, isPinned, id: value } : undefined;
  }

  function list(): ModelInfo[] {
    const infos = new Map<string, string>();
    for (const id of FAMILY_NAMES) infos.set(id, find(id)?.id ?? id);
    for (const [id, target] of aliases) infos.set(id, target);
    for (const { id, name } of catalogue) infos.set(id, name);
    return [...infos].map(([id, name]) => ({ id, name }));
  }

  return {
    resolve(name) {
      const aliased = aliases.get(name) ?? name;
      const bare = toBare(aliased);
      const resolved = find(aliased) ?? find(toBare(aliases.get(bare) ?? bare));
      if (resolved) return resolved;
      const known = list().map(({ id }) => id);
      throw new ProxyError(
        "model_not_found",
        `Cannot find model: ${name.slice(0, 100)} is not one of ${known.join(", ")}`,
        {
          param: "model",
        },
      );
    },
    list,
    setCatalogue(entries) {
      if (entries.length > 0) catalogue = entries;
    },
    get isCatalogued() {
      return catalogue.length > 0;
    },
  };
}
