import type { Input } from '../bytes/input.js';
import type { StepBlocks } from '../tables/step-columns.js';
import type { EngineSettings, Trace, TraceFacts } from '../trace.js';

/** The beginning of a file, as format recognition sees it. */
export interface Head {
  /** The first bytes as text (up to the last whole line of them where there is one). */
  readonly text: string;
  /** The first line that is not blank, trimmed. */
  readonly firstLine: string;
  /** The names of `firstLine` where it looks like the header of a delimited file, normalised; otherwise empty. */
  readonly headerNames: readonly string[];
  /** The first line as a JSON object, where it is one. */
  readonly firstObject: Readonly<Record<string, unknown>> | undefined;
  /** The names at the top of a JSON file: of its object, or of the first object of its list. */
  readonly keys: readonly string[];
  readonly delimiter: ',' | '\t';
}

/** What a reader may use beyond the bytes. */
export interface ReadOptions {
  /** Canonical field name to the file's name for it. */
  readonly columns: Readonly<Record<string, string>>;
  /** From the neighbouring meta.json. */
  readonly settings: EngineSettings;
  /** Text of the file that was handed in beside the trace, whatever it is (BLIS has a YAML header there). */
  readonly metaText: string | undefined;
  /** For the generic reader: what to take from which column. */
  readonly map: Readonly<Record<string, string>> | undefined;
  /** For formats that take one; seconds where the caller gave none. */
  readonly timeUnit: TraceFacts['timeUnit'];
  /** Blocks of a prefix cache, of the file's own size, that the load meets; none where absent. */
  readonly prefixCacheBlocks?: number | undefined;
  readonly head: Head;
  /** Takes the steps of a step log a block at a time; the trace's own table of steps is empty then. */
  readonly onSteps?: StepBlocks | undefined;
  /** Steps of such a block. */
  readonly stepsAtOnce?: number | undefined;
  /** `strict` avoids every shortcut: the reference that tests compare with. */
  readonly path: 'fast' | 'strict';
}

/** One file format: how it is recognised and read. A new format is one file that exports one of these. */
export interface TraceFormat {
  /** As `--format` takes it. */
  readonly name: string;
  /** For people, one line. */
  readonly description: string;
  /** Whether the caller may say the unit of its times; others fix it. */
  readonly takesTimeUnit?: true;
  /** Whether its prompts are told by blocks, so that a prefix cache can be put before them. */
  readonly takesPrefixCache?: true;
  recognise(head: Head): boolean;
  read(input: Input, options: ReadOptions): Promise<Trace>;
}
