/** Settings that not every model has, with the fields that ask for them: they are named where they have no effect. */
import type { Sampling, Turn } from "../core/turn.ts";
import type { Delivery } from "./codec.ts";
import { refuse, toNumber } from "./field.ts";
import type { Fields, Reader } from "./field.ts";

/** The part of a request that asks for such settings. */
export interface AskedSettings {
  readonly turn: Pick<Turn, "sampling" | "speed" | "serviceTier">;
  readonly asked: Delivery["asked"];
}

/** The settings of both; none is in both. */
export function joinSettings(one: AskedSettings, other: AskedSettings): AskedSettings {
  return { turn: { ...one.turn, ...other.turn }, asked: { ...one.asked, ...other.asked } };
}

/** The API's highest temperature. */
const MOST_TEMPERATURE = 1;

const toShare = toNumber(0, 1);

/** Numbers below 1 mean "no limit", and -1 is the least of them that clients send. */
const toTopK: Reader<number | undefined> = (value, path) => {
  if (!Number.isSafeInteger(value) || Number(value) < -1) return refuse(path, "expected a whole number of at least -1");
  return Number(value) >= 1 ? Number(value) : undefined;
};

/** Reads `temperature`, `top_p` and `top_k`; a temperature above the API's highest is taken for that. */
export function readSampling(fields: Fields, mostTemperature: number): AskedSettings {
  const temperature = fields.optional("temperature", toNumber(0, mostTemperature));
  const sampling: Sampling = {
    temperature: temperature === undefined ? undefined : Math.min(temperature, MOST_TEMPERATURE),
    topP: fields.optional("top_p", toShare),
    topK: fields.optional("top_k", toTopK),
  };
  const values = { temperature: sampling.temperature, top_p: sampling.topP, top_k: sampling.topK };
  const named = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [fields.pathOf(name)]));
  return named.length === 0 ? { turn: {}, asked: {} } : { turn: { sampling }, asked: { sampling: named } };
}
