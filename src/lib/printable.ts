/** Text for a terminal or a log, whoever it comes from. */

/** Characters that a terminal obeys instead of showing: controls, and those that turn the direction of writing. */
const OBEYED = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** The text on one line, with `instead` for each character that a terminal would obey. */
export function toPrintable(text: string, instead: string): string {
  return text.replace(OBEYED, instead);
}

/** The text in quotes, as JSON, with every character that a terminal would obey spelt out. */
export function quotePrintable(text: string): string {
  const toEscape = (found: string): string => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(OBEYED, toEscape);
}
