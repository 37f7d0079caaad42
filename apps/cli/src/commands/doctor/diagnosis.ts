import type { Lack } from '@stepclock/trace-io';

/** Something that a file answers. */
export interface Answer {
  readonly question: string;
  /** The commands that answer it, one after another. */
  readonly commands: readonly string[];
}

/** What a file is, and what it is good for. */
export interface Diagnosis {
  readonly file: string;
  /** In words: `the summary of AIPerf`. */
  readonly is: string;
  readonly evidence: 'steps' | 'token times' | 'phase times' | 'lengths' | 'measurements' | 'model' | null;
  readonly answers: readonly Answer[];
  readonly lacks: readonly Lack[];
  /** What stands in the way, or what to give instead; null where nothing does. */
  readonly instead: string | null;
  /** What an estimate says of the file. */
  readonly warnings: readonly { readonly code: string; readonly message: string }[];
}

export const nothing = { evidence: null, answers: [], lacks: [], instead: null, warnings: [] } as const;
