/** `/`: the status page for people, a few words of JSON for programs. The page itself holds no data. */
import { endAnswer, sendJson } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";

/** The page, put in by `scripts/build.ts` or `scripts/start.ts`; there is none where `src/main.ts` is run by itself. */
declare const STATUS_PAGE: { readonly html: string; readonly policy: string } | undefined;

const NOT_BUILT =
  "<!doctype html><title>claude-max-api</title><p>The status page is made by: npm start, or npm run build";

const HEADERS = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-cache",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
} as const;

/** True when `accept` names text/html, as browsers do; programs accept any type, or send nothing. */
function takesHtml({ request }: Exchange): boolean {
  return /\btext\/html\b/i.test(request.headers.accept ?? "");
}

/** Makes the handler. */
export function createPage(version: string): (exchange: Exchange) => void {
  const page = typeof STATUS_PAGE === "undefined" ? { html: NOT_BUILT, policy: "default-src 'none'" } : STATUS_PAGE;
  const length = Buffer.byteLength(page.html);
  return (exchange) => {
    if (!takesHtml(exchange))
      return sendJson(exchange, 200, {
        name: "claude-max-api",
        version,
        api: "/v1",
        health: "/health",
        usage: "/usage",
      });
    const { response } = exchange;
    response.writeHead(200, { ...HEADERS, "content-security-policy": page.policy, "content-length": length });
    endAnswer(response, page.html);
  };
}
