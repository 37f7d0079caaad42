import { nothing } from '@stepclock/faults';
import type { Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { baseCost } from '../prediction/term-forms.js';
import { stepModelFault } from '../step-model-fault.js';
import type { LoadFigures } from './load-figures.js';
import type { ResolvedPoint } from './operating-point.js';

/** How one field of the output came about: `exact` for every load, or an approximation, and for which load. */
export interface ConversionNote {
  readonly field: string;
  readonly conversion: 'exact' | 'approximate' | 'not-in-model';
  readonly message: string;
}

/** What is known of the deployment, for formats that ask for it. */
export interface DeploymentNames {
  readonly modelId?: string;
  readonly gpu?: string;
  readonly tensorParallelism?: number;
  readonly vllmVersion?: string;
  readonly kvTokens?: number;
  /** Kubernetes namespace of the engines. */
  readonly namespace?: string;
  /** The GPU, one of `gpuNames`. */
  readonly hardware?: string;
  /** The text of the model's config.json (Hugging Face), and the file's name for messages. */
  readonly modelConfig?: string;
  readonly modelConfigFile?: string;
  /** What a replay or a capacity says of the engine under its load. */
  readonly load?: LoadFigures;
}

/** One format: the text in it, and the notes, which stand in the text as well. Of a format that is no text, `bytes` is the file and the text its notes. */
export interface Exported {
  readonly text: string;
  readonly bytes?: Uint8Array;
  readonly notes: readonly ConversionNote[];
}

/** One way to write a model down: an entry of its consumer's file. */
interface ModelExport {
  /** For people, one line: which program and version reads it, and what of it is exact. */
  readonly description: string;
  write(input: ExportInput): Exported;
}

/** Exports by name, as `--to` takes it. */
export type ModelExports = Readonly<Record<string, ModelExport>>;

export interface ExportInput {
  readonly model: BetasFile;
  /** The model's terms, in its order. */
  readonly terms: readonly Term[];
  readonly catalogue: readonly Term[];
  readonly point: ResolvedPoint;
  readonly names: DeploymentNames;
}

/**
 * The model in the four coefficients that a consumer carries: s/step, s/prefill token, s/decode token, s/token of context.
 *
 * @throws Fault `step-model/term-not-carried`
 */
export const carried = ({ model, terms }: ExportInput, consumer: string) => {
  const [beta0, beta1, beta2, beta3] = baseCost(
    terms,
    model.terms.map(({ value }) => value),
    consumer,
  );
  return { beta0, beta1, beta2, beta3 };
};

/**
 * What a format cannot be written without.
 *
 * @param what is missing
 * @param of what it must be
 * @throws Fault `step-model/export-needs`
 */
export const needed = <T>(value: T | undefined, what: string, of: string): T => {
  if (value !== undefined) return value;
  throw stepModelFault('step-model/export-needs', { what, rule: `must be given, ${of}`, value: nothing });
};

/** A number with at most nine significant digits: far below any interval, and free of 0.30000000000000004. */
export const decimal = (value: number): string => String(Number(value.toPrecision(9)));

/** Comment lines: what the file is, and the notes one a line. */
export const titleLines = (title: string, notes: readonly ConversionNote[]): string[] => [
  `# ${title}`,
  ...notes.map(({ field, conversion, message }) => `# ${field}: ${conversion}. ${message}`),
];

/** The same of a format that depends on the operating point, which stands below where something is approximate. */
export const commentLines = (title: string, notes: readonly ConversionNote[], { point }: ExportInput): string[] => {
  const lines = titleLines(title, notes);
  if (notes.some((note) => note.conversion === 'approximate')) lines.push(`# ${pointText(point)}`);
  return lines;
};

const pointText = ({ decodeSeqs, contextTokensPerSeq, maxNumSeqs, lengths, origin }: ResolvedPoint): string =>
  `operating point: ${decodeSeqs} decoding requests of ${contextTokensPerSeq} tokens of context, at most ${maxNumSeqs} requests, ` +
  `${lengths ? `prompts of ${lengths.promptTokens} and outputs of ${lengths.outputTokens} tokens` : 'lengths of prompts and outputs not given'} (${origin})`;
