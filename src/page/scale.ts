/** Round numbers for an axis, and lines through points. Pure. */

/** The numbers of an axis from zero: at most five, and the last is at or above `most`. */
export function toTicks(most: number): number[] {
  if (most <= 0) return [0, 1];
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size * 4 >= most) ?? most;
  const ticks = [0];
  while ((ticks.at(-1) ?? 0) < most) ticks.push(ticks.length * step);
  return ticks;
}

/** A line through the points that there are; one that is missing breaks it. */
export function toPath(points: readonly (readonly [x: number, y: number] | undefined)[]): string {
  let isOpen = false;
  return points
    .map((point) => {
      const command = isOpen ? "L" : "M";
      isOpen = point !== undefined;
      return point ? `${command}${point[0].toFixed(1)} ${point[1].toFixed(1)}` : "";
    })
    .join("");
}
