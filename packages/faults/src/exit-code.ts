/** How a program of stepclock ends. */
export const ExitCode = {
  ok: 0,
  badInput: 1,
  badUsage: 2,
  /** Under `--strict`: a fit did not converge. */
  notConverged: 3,
  /** A stated threshold was passed. */
  thresholdPassed: 4,
  /** A fault of stepclock itself (EX_SOFTWARE of sysexits.h). */
  bug: 70,
  /** 128 + the signal's number. */
  hangup: 129,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
