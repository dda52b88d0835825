/** Colours of a command's lines on a terminal. */

/** True for a terminal whose user has not set NO_COLOR (https://no-color.org). */
export function wantsColor(environment: NodeJS.ProcessEnv): boolean {
  return process.stdout.isTTY === true && !environment["NO_COLOR"];
}

/** The codes that are used. Source: ECMA-48, section 8.3.117 */
export const CODES = { bold: 1, faint: 2, red: 31, green: 32, yellow: 33 } as const;

/** Sets a text in one colour; as it is where colours are not wanted. */
export function paint(text: string, code: number, isColored: boolean): string {
  return isColored ? `\u001B[${code}m${text}\u001B[0m` : text;
}
