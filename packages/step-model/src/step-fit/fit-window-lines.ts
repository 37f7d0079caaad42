import {
  count,
  jsonOfModelFile,
  type ModelFileKind,
  modelOfJson,
  nonNegative,
  orderedPair,
} from '@stepclock/model-file';
import { CATALOGUE, mergeWindows, readWindows, restated, type StepWindow, termsNamed } from '@stepclock/step-cost';
import * as v from 'valibot';
import { NO_STAMPS } from '../step-logs/step-time.js';
import type { EngineFit } from './engines-fit.js';
import { fitOfSums, type LogSums } from './fit-of-sums.js';
import type { FitStepsOptions, Interval, StepsFit } from './steps-fit.js';

/** What a line tells beside its windows: of the whole table, of the engine, and of this window. */
const schema = v.object({
  schema: v.literal('stepclock/windows@1'),
  table: v.object({
    /** Whether all terms stay, or the base ones and those that lower the held-out loss. */
    choice: v.picklist(['all', 'auto'], 'must be all or auto'),
    /** Rows of the engine, those that take no part too. */
    rows: count,
    stalls: count,
    stall_seconds: nonNegative,
    prefill_tokens: orderedPair,
    decode_seqs: orderedPair,
    context_tokens: v.optional(orderedPair),
  }),
});

const KIND: ModelFileKind<typeof schema> = {
  family: 'stepclock/windows',
  version: 1,
  schema,
  code: 'step-model/bad-window-line',
  described: "windows of steps as the query of 'stepclock sql --dialect' makes them",
};

type Table = v.InferOutput<typeof schema>['table'];

/** A window of an engine's steps as a line of text. */
export interface WindowLine {
  /** '' where the table names none. */
  readonly engine: string;
  /** Its place in the engine's time. */
  readonly part: number;
  readonly text: string;
  readonly line: number;
}

interface EngineWindows {
  readonly windows: StepWindow[];
  readonly tables: Table[];
}

const union = (pairs: readonly Interval[]): Interval => [
  Math.min(...pairs.map(([low]) => low)),
  Math.max(...pairs.map(([, high]) => high)),
];

/**
 * Fits what a query made of a table of steps, engine by engine in the order of their names, as {@link fitSteps} does the steps themselves.
 *
 * @param terms of the windows, those to fit; default: all that they hold, as their query says
 * @throws Fault `step-model/bad-window-line`, `step-cost/bad-windows`, `step-cost/unknown-term`, `step-cost/unlike-windows`
 */
export const fitWindowLines = (
  lines: readonly WindowLine[],
  options: Pick<FitStepsOptions, 'terms' | 'catalogue' | 'level'> = {},
  file = 'windows',
): readonly EngineFit[] => {
  const engines = new Map<string, EngineWindows>();
  for (const { engine, text, line } of lines.toSorted((a, b) => a.part - b.part)) {
    const place = `${file}:${line}`;
    const json = jsonOfModelFile(text, KIND, place);
    const { windows, tables } = engines.get(engine) ?? { windows: [], tables: [] };
    tables.push(modelOfJson(json, KIND, place).table);
    windows.push(...readWindows(json, options.catalogue ?? CATALOGUE, place));
    engines.set(engine, { windows, tables });
  }
  const names = [...engines.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  return names.flatMap((name) => {
    const engine = engines.get(name);
    return engine === undefined ? [] : [engineFit(name, engine, options)];
  });
};

const engineFit = (name: string, { windows, tables }: EngineWindows, options: FitStepsOptions): EngineFit => {
  const all = mergeWindows(windows);
  const { terms, weighting } = all;
  const asked = options.terms === undefined || options.terms === 'auto' ? undefined : termsNamed(options.terms, terms);
  const sum = (of: (table: Table) => number): number => tables.reduce((total, table) => total + of(table), 0);
  const stalls = sum((table) => table.stalls);
  const stallSeconds = sum((table) => table.stall_seconds);
  const steps = all.rows + stalls;
  const leftOut = tables[0].rows - steps;
  const contexts = tables.flatMap(({ context_tokens }) => (context_tokens === undefined ? [] : [context_tokens]));
  const warnings: StepsFit['warnings'] =
    leftOut > 0
      ? [{ code: 'empty-steps', message: `${leftOut} rows of the table without tokens or time are left out.` }]
      : [];
  const seconds = all.seconds + stallSeconds;
  const sums: LogSums = {
    terms,
    choice: asked === undefined ? tables[0].choice : asked.map((term) => terms.indexOf(term)),
    windows: windows.map((window) => restated(window, all.reference)),
    measuredSeconds: seconds,
    sampledSeconds: seconds,
    sampledStallSeconds: stallSeconds,
    steps,
    fitted: steps,
    stalls,
    compositions: {
      prefillTokens: union(tables.map((table) => table.prefill_tokens)),
      decodeSeqs: union(tables.map((table) => table.decode_seqs)),
      ...(contexts.length === tables.length && { contextTokens: union(contexts) }),
    },
    scatterOf: (coefficients) => scatterOf(all, coefficients),
    empty: 0,
    untimed: 0,
    incomplete: 0,
    warnings,
  };
  const fit = fitOfSums(sums, { ...options, weights: weighting });
  const reading = { time: 'elapsed', clock: NO_STAMPS, shift: 0, ownToken: false, isMixed: false } as const;
  return { name, reading, fit, warnings: fit.warnings };
};

/** How far steps lie from a fit, as far as their sums tell: unweighted ones the squares, none the relative distance. */
const scatterOf = (window: StepWindow, coefficients: Float64Array) => {
  const { rows, seconds, weighting } = window;
  if (weighting !== 'none') return { r2: null, rmseSeconds: null, relativeRmse: null };
  const { squares } = restated(window, coefficients);
  const total = restated(window, new Float64Array(coefficients.length)).squares - seconds ** 2 / rows;
  return { r2: total > 0 ? 1 - squares / total : null, rmseSeconds: Math.sqrt(squares / rows), relativeRmse: null };
};
