/** Posts a file of JSON to a URL, as a client in a process of its own: `node post.mjs URL FILE`. Writes the answer. */
import { readFileSync } from "node:fs";
import { request } from "node:http";

const [url, file] = process.argv.slice(2);
const body = readFileSync(file);
const headers = { "content-type": "application/json", "content-length": body.length };
request(url, { method: "POST", headers }, (response) => {
  process.exitCode = response.statusCode === 200 ? 0 : 1;
  response.pipe(process.stdout);
}).end(body);
