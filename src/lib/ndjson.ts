/** Newline-delimited JSON, the framing half: bytes in, whole lines out. UTF-8 is decoded across chunk borders. */
import { StringDecoder } from "node:string_decoder";

/**
 * Longest line held while its newline is awaited, in UTF-16 units (16 Mi). One image block fits; a runaway does not.
 */
export const LINE_LIMIT = 16 * 1024 * 1024;

/** Splits one stream of bytes into lines. */
export interface LineSplitter {
  /**
   * Takes the next bytes and gives the lines they complete, without their newlines; empty lines are left out.
   * @throws RangeError when an unfinished line outgrows the limit; the splitter is of no use after that.
   */
  push(chunk: Uint8Array): string[];
  /** Gives what stands after the last newline, or nothing. */
  end(): string[];
}

/** Makes a splitter for one stream. `limit` is in UTF-16 units. */
export function createLineSplitter(limit = LINE_LIMIT): LineSplitter {
  const decoder = new StringDecoder("utf8");
  // Parts of one unfinished line, joined once: `held += chunk` is quadratic when a line spans many chunks.
  let parts: string[] = [];
  let held = 0;

  function hold(text: string): void {
    if (text === "") return;
    held += text.length;
    if (held > limit) throw new RangeError(`Cannot read line: longer than ${limit} characters`);
    parts.push(text);
  }

  function takeHeld(): string {
    const line = parts.length === 1 ? (parts[0] ?? "") : parts.join("");
    parts = [];
    held = 0;
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  return {
    push(chunk) {
      const text = decoder.write(chunk as Buffer);
      const lines: string[] = [];
      let from = 0;
      for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", from)) {
        hold(text.slice(from, at));
        const line = takeHeld();
        if (line !== "") lines.push(line);
        from = at + 1;
      }
      hold(text.slice(from));
      return lines;
    },
    end() {
      hold(decoder.end());
      const line = takeHeld();
      return line === "" ? [] : [line];
    },
  };
}
