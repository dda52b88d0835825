/** What is told of the CLI's own tools: enough to follow, and never a secret. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { toSummary } from "../../../src/cli/answer/progress.ts";

const SECRET = "hunter2";
const KEY = "sk-live-4eC39HqLyjWDarjtT1zdp7dc";

const COMMANDS: readonly (readonly [command: string, summary: string])[] = [
  ["npm test", "npm test"],
  ["npm run build -- --watch", "npm run"],
  ["/usr/bin/git push origin main", "git push"],
  ["  ls   -la  /tmp ", "ls"],
  ["./gradlew assemble", "gradlew"],
  ["NODE_ENV=production npm test", "npm test"],
  ["python3 -m pytest", "python3"],
  ["cat <<EOF", "cat"],
  ["", ""],
  ["   ", ""],
];

for (const [command, summary] of COMMANDS) {
  test(`the command ${JSON.stringify(command)} is told as ${JSON.stringify(summary)}`, () => {
    assert.equal(toSummary("Bash", { command }), summary);
  });
}

const WITH_SECRETS = [
  `curl -H "Authorization: Bearer ${SECRET}" https://example.com`,
  `curl https://user:${SECRET}@example.com`,
  `mysql -p${SECRET} -u root`,
  `PASSWORD=${SECRET} npm test`,
  `PASSWORD="${SECRET} ${SECRET}" npm test`,
  `PASSWORD='a ${SECRET}' npm test`,
  `PASSWORD=a\\ ${SECRET} npm test`,
  `PASSWORD=$(echo ${SECRET}) npm test`,
  `PASSWORD=\`echo ${SECRET}\``,
  `export TOKEN=${SECRET}`,
  `echo ${SECRET} | sudo -S id`,
  `printf ${SECRET}`,
  `login ${SECRET}`,
  `npm ${SECRET}`,
  `git -c http.extraheader=${SECRET} push`,
  `docker login -p ${SECRET}`,
  `"${SECRET}"`,
  `$${SECRET}`,
  `<${SECRET}`,
  `ssh ${SECRET}@host`,
  `PASSWORD=${SECRET}`,
  `A=1 B=${SECRET}`,
  `echo\n${SECRET}`,
];

for (const command of WITH_SECRETS) {
  test(`no secret is told of ${JSON.stringify(command)}`, () => {
    assert.doesNotMatch(toSummary("Bash", { command }), new RegExp(SECRET));
  });
}

const INPUTS: readonly (readonly [tool: string, input: Record<string, unknown>, summary: string])[] = [
  ["Read", { file_path: "/home/me/private/notes.md" }, "notes.md"],
  ["Write", { file_path: "/tmp/a.txt", content: SECRET }, "a.txt"],
  ["Edit", { file_path: "b.ts", old_string: SECRET, new_string: SECRET }, "b.ts"],
  ["NotebookEdit", { notebook_path: "/x/c.ipynb", new_source: SECRET }, "c.ipynb"],
  ["Grep", { pattern: SECRET, path: "/srv/app" }, "app"],
  ["Grep", { pattern: SECRET }, ""],
  ["Glob", { pattern: "**/*.ts" }, "**/*.ts"],
  ["WebFetch", { url: `https://me:${SECRET}@example.com/${SECRET}?key=${SECRET}`, prompt: SECRET }, "example.com"],
  ["WebFetch", { url: SECRET }, ""],
  ["WebSearch", { query: "node  release\nschedule" }, "node release schedule"],
  ["WebSearch", { query: `who issued ${KEY}` }, "who issued …"],
  ["Agent", { description: "Review the tests", prompt: SECRET }, "Review the tests"],
  ["Agent", { description: `Call the API with ${KEY}` }, "Call the API with …"],
  ["SomeNewTool", { anything: SECRET }, ""],
  ["Bash", { command: 7 }, ""],
  ["Read", {}, ""],
];

for (const [tool, input, summary] of INPUTS) {
  test(`${tool} ${JSON.stringify(input)} is told as ${JSON.stringify(summary)}`, () => {
    assert.equal(toSummary(tool, input), summary);
  });
}

test("a summary is one line of at most 80 characters, and no character is cut in two", () => {
  assert.equal(toSummary("WebSearch", { query: "a ".repeat(200) }), `${"a ".repeat(39)}a…`);
  const cut = toSummary("WebSearch", { query: `${"x".repeat(78)}😀😀😀` });
  assert.equal(cut, `${"x".repeat(78)}…`);
  assert.ok(cut.length <= 80);
});
