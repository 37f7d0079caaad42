import type { Head, TraceFormat } from '../trace-format.js';

/** A kind of file that people give to this program and that cannot serve, or not as it is. */
export interface Stranger {
  /** What it is, as in `the summary of AIPerf`. */
  readonly is: string;
  /** What to give instead, and how to get it. */
  readonly instead: string;
  readonly recognise: (head: Head) => boolean;
  /** What its beginning tells all the same, in words. */
  readonly tells?: (head: Head) => string | undefined;
  /** The format of its lines of steps, which may come far behind its first bytes. */
  readonly steps?: TraceFormat;
}

/** A client that measures any server, and whose result serves. */
export const A_CLIENT =
  'run vllm bench serve --backend openai-chat --endpoint /v1/chat/completions --base-url URL --model MODEL --save-result --save-detailed against the same server and give the JSON';

/** What to give instead of a file that no setting of its tool would mend. */
export const A_LOG =
  "give a log of requests (vllm bench serve --save-result --save-detailed) or of the engine's steps (vllm serve --enable-logging-iteration-details --no-async-scheduling); docs/collecting-logs.md has other tools";

/** A recogniser by the names of a JSON file's top level (of its first object in a list). */
export const withKeys =
  (...keys: readonly string[]) =>
  (head: Head): boolean =>
    keys.every((key) => head.keys.includes(key));
