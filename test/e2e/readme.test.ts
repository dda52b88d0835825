/** The README's own shell examples, run as they stand against `--demo`. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { startProxy } from "../helpers/proxy.ts";

const run = promisify(execFile);
const proxy = await startProxy({ after }, { args: ["--demo", "--spares", "0"] });

test("every curl example of the README answers with the words it was sent", async () => {
  const readme = await readFile("README.md", "utf8");
  const examples = [...readme.matchAll(/```sh\n(curl [\s\S]*?)\n```/g)].map(([, script]) => script ?? "");
  assert.equal(examples.length, 3);
  for (const example of examples) {
    const { stdout } = await run("sh", ["-c", example.replaceAll("http://localhost:3456", proxy.url)]);
    const said = /"content": "([^"]+)"/.exec(example)?.[1] ?? "";
    const text = stdout.startsWith("{")
      ? (JSON.parse(stdout) as { choices: { message: { content: string } }[] }).choices[0]?.message.content
      : [...stdout.matchAll(/"delta":\{"content":"([^"]*)"/g)].map(([, word]) => word).join("");
    assert.equal(text, said, example);
  }
});

test("the JavaScript example of the README is answered with the words it sent", async () => {
  const readme = await readFile("README.md", "utf8");
  const [, script = ""] = /```js\n([\s\S]*?)\n```/.exec(readme) ?? [];
  const { stdout } = await run(process.execPath, [
    "--input-type=module",
    "--eval",
    script.replace("http://localhost:3456", proxy.url),
  ]);
  assert.equal(stdout, "Hello from JavaScript");
});
