/** Time as the machine spends it on this process alone. */

/** CPU time of this process that a call takes, in milliseconds: other programs on the machine do not count. */
export function measureCpuMs(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
