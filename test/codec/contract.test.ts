/** The contract of every protocol that is served. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CODECS, DEFAULT_CODEC } from "../../src/codec/all.ts";
import { checkCodec } from "./contract.ts";

test("each protocol has a path of its own, and the one for unknown paths is among them", () => {
  const paths = CODECS.map(({ path }) => path);
  assert.equal(new Set(paths).size, paths.length);
  assert.ok(paths.every((path) => /^\/(v1|api)\//.test(path)));
  assert.ok(CODECS.includes(DEFAULT_CODEC));
});

for (const codec of CODECS) checkCodec(codec);
