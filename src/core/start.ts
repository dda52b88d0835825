/** The ways a turn can begin, from the quickest to the slowest. They decide the time to the first delta. */

/**
 * - `hot`: a live process knows the conversation up to the last answer.
 * - `forecast`: a process had been told this conversation ahead of the request.
 * - `spare`: a warm process that knew nothing yet, for a conversation without history.
 * - `waiting`: a warm process that waited to be told a history.
 * - `cold`: a process started for this turn.
 */
export const STARTS = ["hot", "forecast", "spare", "waiting", "cold"] as const;

/** One of `STARTS`. */
export type Start = (typeof STARTS)[number];
