/** The name a client goes by in the sums. Pure. */

/** A browser names a dozen programs it is not. */
const BROWSER = /^Mozilla\//;
const UNKNOWN = "unknown";
const MOST_LENGTH = 40;

/**
 * The name of the client's key, else the first word of its user agent without a version, such as `OpenAI/JS`,
 * `opencode` or `claude-cli`; `browser` for any browser, `unknown` where nothing was sent. At most 40 characters.
 */
export function toClientName(userAgent: string | undefined, keyName?: string): string {
  if (keyName !== undefined) return keyName;
  const [word = ""] = (userAgent ?? "").trim().split(/[\s(;,]/, 1);
  if (BROWSER.test(word)) return "browser";
  const name = word.replace(/\/v?\d.*$/i, "").replace(/[^\w.@/+-]/g, "");
  return name.slice(0, MOST_LENGTH) || UNKNOWN;
}
