/** What the process tells its caller. */
export const ExitCode = {
  ok: 0,
  badInput: 1,
  badUsage: 2,
  /** Only under `--strict`. */
  notConverged: 3,
  /** EX_SOFTWARE of sysexits(3): a fault of ours. */
  bug: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
