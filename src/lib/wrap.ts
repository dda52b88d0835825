/** Text in lines of a given width. */

/**
 * Breaks a text at its spaces into lines of at most `width` UTF-16 units, counted from `indent`, which begins each line
 * but the first. A word that is longer stays whole, so that a path or an address can be copied.
 */
export function wrapText(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width - indent) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
