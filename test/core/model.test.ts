/** Model names as clients write them: resolved, passed through, or refused with what there is. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProxyError } from "../../src/core/error.ts";
import { canThink, createModels, hasThinkingBudget } from "../../src/core/model.ts";
import type { CatalogueEntry, KnownModels, Models } from "../../src/core/model.ts";

const CATALOGUE: readonly CatalogueEntry[] = [
  { value: "default", id: "claude-sonnet-5-5", name: "Default" },
  { value: "opus", id: "claude-opus-5-5", name: "Opus 5.5" },
  { value: "sonnet", id: "claude-sonnet-5-5", name: "Sonnet 5.5" },
  { value: "sonnet[1m]", id: "claude-sonnet-5-5[1m]", name: "Sonnet 5.5, long context" },
];

function createTable(
  aliases: Readonly<Record<string, string>> = {},
  catalogue: readonly CatalogueEntry[] = [],
): Models {
  const models = createModels(new Map(Object.entries(aliases)));
  models.setCatalogue(catalogue);
  return models;
}

function readRefusal(models: Models, name: string): ProxyError {
  try {
    models.resolve(name);
  } catch (error) {
    assert.ok(error instanceof ProxyError);
    return error;
  }
  return assert.fail(`${name} was resolved`);
}

const FAMILIES = {
  "claude-opus-4": "opus",
  "claude-sonnet-4": "sonnet",
  "claude-haiku-4": "haiku",
  opus: "opus",
  sonnet: "sonnet",
  haiku: "haiku",
  fable: "fable",
};

test("a family's name is the CLI's newest model of it", () => {
  for (const [name, argument] of Object.entries(FAMILIES))
    assert.deepEqual(createTable().resolve(name), { argument, isPinned: false, id: argument }, name);
});

test("a provider's prefix changes nothing, whichever it is", () => {
  const models = createTable({}, CATALOGUE);
  for (const prefix of ["anthropic/", "openai/", "claude-code-cli/", "claude-max/", "openrouter/anthropic/"]) {
    for (const name of [...Object.keys(FAMILIES), "claude-opus-4-5-20251101"]) {
      assert.deepEqual(models.resolve(prefix + name), models.resolve(name), prefix + name);
    }
  }
});

test("Ollama's tag changes nothing, and an alias may have it", () => {
  const models = createTable({ "gpt-4o": "haiku", "llama3:latest": "opus" }, CATALOGUE);
  for (const name of ["claude-sonnet-4", "opus", "anthropic/claude-haiku-4", "gpt-4o", "claude-opus-4-5-20251101"])
    assert.deepEqual(models.resolve(`${name}:latest`), models.resolve(name), name);
  assert.deepEqual(models.resolve("llama3:latest"), models.resolve("opus"));
  assert.equal(readRefusal(models, ":latest").kind, "model_not_found");
});

const PINNED = [
  "claude-opus-4-5-20251101",
  "claude-3-5-haiku-latest",
  "claude-sonnet-4-5-20250929[1m]",
  "anthropic.claude-3-haiku-20240307-v1:0",
  "us.anthropic.claude-sonnet-4-20250514-v1:0",
  "eu.anthropic.claude-opus-4-1-20250805-v1:0",
  "apac.anthropic.claude-sonnet-4-20250514-v1:0",
  "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
  "us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0",
  "claude-opus-4-1@20250805",
];

for (const id of PINNED) {
  test(`a pinned id goes through as it is: ${id}`, () => {
    assert.deepEqual(createTable({}, CATALOGUE).resolve(id), { argument: id, isPinned: true, id });
  });
}

test("the catalogue tells which model a family is, and is spoken to by the family's name", () => {
  const models = createTable({}, CATALOGUE);
  for (const name of ["opus", "claude-opus-4", "anthropic/claude-opus-4"]) {
    assert.deepEqual(models.resolve(name), { argument: "opus", isPinned: false, id: "claude-opus-5-5" }, name);
  }
});

test("a catalogue's own names and ids are served", () => {
  const models = createTable({}, CATALOGUE);
  assert.deepEqual(models.resolve("default"), { argument: "default", isPinned: false, id: "claude-sonnet-5-5" });
  assert.deepEqual(models.resolve("sonnet[1m]"), {
    argument: "sonnet[1m]",
    isPinned: false,
    id: "claude-sonnet-5-5[1m]",
  });
  assert.deepEqual(models.resolve("claude-opus-5-5"), {
    argument: "claude-opus-5-5",
    isPinned: true,
    id: "claude-opus-5-5",
  });
});

test("an id is pinned whatever the catalogue says of it", () => {
  const entry = { value: "claude-opus-4-5-20251101", id: "claude-opus-4-5-20251101", name: "Opus 4.5" };
  assert.equal(createTable({}, [...CATALOGUE, entry]).resolve(entry.value).isPinned, true);
});

test("a catalogue that is set again replaces the one before", () => {
  const models = createTable({}, CATALOGUE);
  models.setCatalogue([{ value: "opus", id: "claude-opus-6", name: "Opus 6" }]);
  assert.deepEqual(models.resolve("opus"), { argument: "opus", isPinned: false, id: "claude-opus-6" });
  assert.equal(readRefusal(models, "default").kind, "model_not_found");
});

test("an alias serves a name that a client hard-codes, with and without a prefix", () => {
  const models = createTable({ "gpt-4o": "claude-sonnet-4", "openai/o3": "opus" }, CATALOGUE);
  assert.deepEqual(models.resolve("gpt-4o"), models.resolve("sonnet"));
  assert.deepEqual(models.resolve("openai/gpt-4o"), models.resolve("sonnet"));
  assert.deepEqual(models.resolve("openai/o3"), models.resolve("opus"));
});

test("an alias may name its target with a prefix, whichever way it is asked for", () => {
  const models = createTable({ "gpt-4o": "anthropic/claude-sonnet-4" });
  assert.deepEqual(models.resolve("gpt-4o"), { argument: "sonnet", isPinned: false, id: "sonnet" });
  assert.deepEqual(models.resolve("openai/gpt-4o"), { argument: "sonnet", isPinned: false, id: "sonnet" });
});

test("an alias may stand in a family's place, and names itself no loop", () => {
  assert.deepEqual(
    createTable({ opus: "claude-opus-4-5-20251101" }).resolve("opus").argument,
    "claude-opus-4-5-20251101",
  );
  assert.equal(readRefusal(createTable({ loop: "loop" }), "loop").kind, "model_not_found");
});

test("a name that is not served is a 404 about `model` that says what there is", () => {
  const error = readRefusal(createTable({ "gpt-4o": "sonnet" }, CATALOGUE), "gpt-9");
  assert.deepEqual([error.kind, error.param], ["model_not_found", "model"]);
  assert.ok(error.message.startsWith("Cannot find model: gpt-9 is not one of "), error.message);
  for (const name of [...Object.keys(FAMILIES), "gpt-4o", "claude-opus-5-5"])
    assert.ok(error.message.includes(name), name);
});

test("a name of any length is refused in few words", () => {
  assert.ok(readRefusal(createTable(), "x".repeat(1_000_000)).message.length < 500);
});

const HOSTILE = [
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "anthropic/__proto__",
    "",
    "/",
    "anthropic/",
    " ",
    "claude-",
    "Claude-Opus-4",
  ],
  ...[
    "claude-opus-4 --dangerously-skip-permissions",
    "claude-x\n--resume",
    "--model",
    "-p",
    "claude-opus\u0000",
    "claude-é",
    `claude-${"a".repeat(97)}`,
  ],
  ...["claude-$(id)", "claude-`id`", "x.y.anthropic.claude-opus", "opus[1m][1m]", "claude-opus-4-5[2m]"],
];

for (const name of HOSTILE) {
  test(`a text that cannot be a model's name is refused: ${JSON.stringify(name.slice(0, 50))}`, () => {
    assert.equal(readRefusal(createTable({}, CATALOGUE), name).kind, "model_not_found");
  });
}

test("nothing that is served could be taken for an option or two arguments", () => {
  for (const name of [...HOSTILE, ...PINNED, ...Object.keys(FAMILIES)]) {
    try {
      assert.match(createTable().resolve(name).argument, /^[a-z0-9][\w.:@[\]-]*$/, name);
    } catch (error) {
      assert.ok(error instanceof ProxyError, name);
    }
  }
});

test("the list has families first, then aliases, then the catalogue, each name once", () => {
  const ids = createTable({ "gpt-4o": "sonnet" }, CATALOGUE)
    .list()
    .map(({ id }) => id);
  assert.deepEqual(ids, [
    ...Object.keys(FAMILIES),
    "gpt-4o",
    "claude-sonnet-5-5",
    "claude-opus-5-5",
    "claude-sonnet-5-5[1m]",
  ]);
});

test("everything that is listed is served", () => {
  const models = createTable({ "gpt-4o": "sonnet", "openai/o3": "anthropic/opus" }, CATALOGUE);
  for (const { id, name } of models.list()) {
    assert.notEqual(models.resolve(id).argument, "", id);
    assert.notEqual(name, "", id);
  }
});

test("models of generation 4.5 and older have a thinking budget, newer ones have none", () => {
  for (const id of [
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5",
    "claude-haiku-4-5@20251001",
    "claude-opus-4-1-20250805",
    "claude-sonnet-4-20250514",
    "us.anthropic.claude-sonnet-4-20250514-v1:0",
    "claude-3-7-sonnet-20250219",
  ])
    assert.equal(hasThinkingBudget(id), true, id);
  for (const id of [
    "claude-sonnet-4-6",
    "claude-opus-5",
    "claude-sonnet-5-5",
    "claude-opus-5-5[1m]",
    "sonnet",
    "fable",
  ])
    assert.equal(hasThinkingBudget(id), false, id);
});

test("models before Claude 3.7 cannot think", () => {
  for (const id of [
    "claude-3-opus-20240229",
    "claude-3-5-haiku-latest",
    "us.anthropic.claude-3-5-sonnet-20241022-v2:0",
  ])
    assert.equal(canThink(id), false, id);
  for (const id of ["claude-3-7-sonnet-20250219", "claude-haiku-4-5-20251001", "claude-sonnet-4-20250514", "opus"])
    assert.equal(canThink(id), true, id);
});

test("a fast mode is the catalogue's word, for the long context window too", () => {
  const fast = { value: "opus[1m]", id: "claude-opus-5-5[1m]", name: "Opus 5.5", hasFastMode: true } as const;
  const models = createTable({}, [...CATALOGUE.filter(({ value }) => value !== "opus"), fast]);
  for (const name of ["opus", "opus[1m]", "claude-opus-5-5"]) assert.equal(models.hasFastMode(name), true, name);
  for (const name of ["sonnet", "claude-opus-4-5-20251101", "default"])
    assert.equal(models.hasFastMode(name), false, name);
  assert.equal(createTable().hasFastMode("opus"), false);
});

const LIMITS = { contextTokens: 200_000, outputTokens: 32_000 };

test("limits are absent until a model has told them, then stand with all its names", () => {
  const models = createTable({ "gpt-4o": "anthropic/claude-sonnet-4" }, CATALOGUE);
  assert.deepEqual(
    models.list().filter(({ limits }) => limits),
    [],
  );
  models.setLimits({ "claude-sonnet-5-5": LIMITS });
  const named = models.list().flatMap(({ id, limits }) => (limits ? [`${id} ${limits.contextTokens}`] : []));
  assert.deepEqual(named, [
    "claude-sonnet-4 200000",
    "sonnet 200000",
    "gpt-4o 200000",
    "claude-sonnet-5-5 200000",
    "claude-sonnet-5-5[1m] 1000000",
  ]);
  assert.equal(models.findLimits("__proto__"), undefined);
});

test("a change of the models is told once, and what was restored is not", () => {
  const told: KnownModels[] = [];
  const models = createModels(new Map(), (known) => told.push(known));
  models.restore({ catalogue: CATALOGUE, limits: { "claude-opus-5-5": LIMITS } });
  assert.equal(models.resolve("opus").id, "claude-opus-5-5");
  assert.equal(models.isCatalogued, false);
  models.setCatalogue(CATALOGUE);
  models.setLimits({ "claude-opus-5-5": LIMITS });
  assert.equal(models.isCatalogued, true);
  assert.deepEqual(told, []);
  models.setLimits({ "claude-sonnet-5-5": LIMITS });
  assert.deepEqual(told, [
    { catalogue: CATALOGUE, limits: { "claude-opus-5-5": LIMITS, "claude-sonnet-5-5": LIMITS } },
  ]);
});
