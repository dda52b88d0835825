/** Stop sequences, as OpenAI's protocols take them. */
import { toStops } from "../setting.ts";

/** Reads one stop sequence, or a list of up to four. */
export const toStop = toStops(4);
