/** The image's health check: exit 0 while the server can answer turns. */
// One of the keys is enough; NAME:KEY names one.
const [key = ""] = (process.env.CLAUDE_MAX_API_API_KEY ?? "").split(",");
const headers = { authorization: `Bearer ${key.replace(/^[A-Za-z][\w.-]{0,31}:/, "")}` };
const answer = await fetch("http://127.0.0.1:3456/health", { headers }).catch(() => undefined);
process.exit(answer?.ok === true ? 0 : 1);
