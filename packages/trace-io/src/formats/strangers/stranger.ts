import type { Head, TraceFormat } from '../trace-format.js';

/** A kind of file that people give to this program and that cannot serve, or not as it is. */
export interface Stranger {
  /** What it is, as in `the summary of AIPerf`. */
  readonly is: string;
  /** What to give instead, and how to get it. */
  readonly instead: string;
  readonly recognise: (head: Head) => boolean;
  /** The format of its lines of steps, which may come far behind its first bytes. */
  readonly steps?: TraceFormat;
}

/** What to give instead of a file that no setting of its tool would mend. */
export const A_LOG =
  "give a log of requests or of the engine's steps; docs/collecting-logs.md has the flags that write one";

/** A recogniser by the names of a JSON file's top level (of its first object in a list). */
export const withKeys =
  (...keys: readonly string[]) =>
  (head: Head): boolean =>
    keys.every((key) => head.keys.includes(key));
