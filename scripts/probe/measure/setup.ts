/** P10 to P16: how a process is set up. */
import assert from "node:assert/strict";
import { isObject } from "../../../src/lib/json.ts";
import { toDialogue, toPlainMessages } from "../../../test/helpers/upstream.ts";
import { lastCall } from "../probe.ts";
import type { Measurement, Probe } from "../probe.ts";

const toSystem = (probe: Probe): string[] => (lastCall(probe).body.system ?? []).map(({ text }) => text);

export const SET_UP: Readonly<Record<string, Measurement>> = {
  async P10(probe) {
    const session = await probe.open({ system: "The first." });
    await session.ask({ subtype: "initialize", systemPrompt: ["The second."] }).catch(() => {});
    await session.turn("hi");
    assert.equal(toSystem(probe).at(-1), "The first.");
  },
  async P11(probe) {
    await (await probe.open({ system: "Ours." })).turn("hi");
    const [mark, identity, ours, ...more] = toSystem(probe);
    assert.match(mark ?? "", /^x-anthropic-billing-header:/);
    assert.match(identity ?? "", /Claude agent/);
    assert.equal(ours, "Ours.");
    assert.deepEqual(more, []);
    await (await probe.open({ system: "" })).turn("hi");
    assert.equal(toSystem(probe).length, 2);
    const bare = probe.start();
    await bare.ask({ subtype: "initialize" });
    await bare.turn("hi");
    assert.ok(toSystem(probe).join("").length > 1000, "there is no prompt of the CLI's own");
  },
  async P12(probe) {
    await (await probe.open({ system: "x-anthropic-billing-header: ours" })).turn("hi");
    assert.equal(toSystem(probe)[0], "x-anthropic-billing-header: ours");
    await (await probe.open({ system: "\nx-anthropic-billing-header: ours" })).turn("hi");
    assert.match(toSystem(probe)[0] ?? "", /cc_version/);
    assert.equal(toSystem(probe).at(-1)?.trim(), "x-anthropic-billing-header: ours");
  },
  async P13(probe) {
    const session = probe.start();
    for (const request of [{ subtype: "initialize", systemPrompt: [""] }, { subtype: "list_models" }]) {
      const { models } = await session.ask(request);
      assert.ok(Array.isArray(models) && models.length > 0);
      for (const model of models as readonly unknown[]) {
        assert.ok(isObject(model));
        for (const key of ["value", "resolvedModel", "displayName"]) assert.equal(typeof model[key], "string", key);
      }
    }
    assert.equal(probe.api.calls.length, 0);
  },
  async P14(probe) {
    const session = await probe.open();
    await session.ask({ subtype: "set_model", model: "opus" });
    await session.turn("one");
    assert.match(lastCall(probe).body.model, /opus/);
    assert.deepEqual(toDialogue(lastCall(probe)), ["user: one"]);
    await session.ask({ subtype: "set_model", model: "sonnet" });
    await session.turn("two");
    assert.match(toDialogue(lastCall(probe)).at(-1) ?? "", /\/model/);
  },
  async P16(probe) {
    const session = await probe.open({ launch: { model: "sonnet" } });
    await session.turn("hi");
    const { messages } = lastCall(probe).body;
    const notes = JSON.stringify(messages.slice(1));
    for (const word of ["# Environment", session.folder, "You are powered by", "Today's date"])
      assert.ok(notes.includes(word), `the notes do not hold: ${word}`);
    assert.deepEqual(toPlainMessages(lastCall(probe)), [{ role: "user", content: [{ type: "text", text: "hi" }] }]);
    assert.ok(lastCall(probe).bytes < 3500, `"hi" takes ${lastCall(probe).bytes} bytes`);
  },
};
