/** Stop sequences, as OpenAI's protocols take them. */
import { toFilledText } from "../field.ts";
import type { Reader } from "../field.ts";
import { toStopList } from "../setting.ts";

const toList = toStopList(4);

/** Reads one stop sequence, or a list of up to four. */
export const toStop: Reader<string[]> = (value, path) =>
  typeof value === "string" ? [toFilledText(value, path)] : toList(value, path);
