import { timeGrid } from '@stepclock/overlap-pressure';
import {
  BASE_TERMS,
  FEWEST_WINDOWS,
  type FitWindowsOptions,
  fitRows,
  type RowsFit,
  type RowTable,
  rowBlocks,
  type Term,
} from '@stepclock/step-cost';
import type { TraceColumns } from '../trace/trace-columns.js';

/** Fewer decodes tell nothing. */
const ENOUGH = 40;
/** Blocks that are left out in turn: decodes overlap, so few and long ones. */
const BLOCKS = 20;

/**
 * The cost of a step from the decodes alone, without a clock: each took `N` steps, during which other phases, spread evenly over their own lengths, did so
 * many prefill tokens, decode tokens and read so much context. It survives what breaks a clock, and knows less.
 *
 * @param terms some of the base terms
 * @returns undefined with fewer than forty whole decodes, or fewer than ten blocks of them
 */
export const clocklessFit = (
  parts: readonly TraceColumns[],
  terms: readonly Term[],
  options: Pick<FitWindowsOptions, 'level' | 'floorShare'>,
): RowsFit | undefined => {
  const tables = parts.map(decodeRows).filter(({ length }) => length > 0);
  const length = tables.reduce((sum, table) => sum + table.length, 0);
  if (length < ENOUGH) return undefined;
  const joined = (of: (table: RowTable) => Float64Array): Float64Array => {
    const all = new Float64Array(length);
    let at = 0;
    for (const table of tables) {
      all.set(of(table), at);
      at += table.length;
    }
    return all;
  };
  const rows: RowTable = {
    length,
    terms,
    seconds: joined(({ seconds }) => seconds),
    steps: joined(({ steps }) => steps),
    sums: terms.map((term) => joined(({ sums }) => sums[BASE_TERMS.indexOf(term)])),
  };
  const fit = fitRows(rows, { ...options, blocks: rowBlocks(rows, BLOCKS) });
  return fit.windows.length < FEWEST_WINDOWS ? undefined : fit;
};

/** One row a decode that no window cut, in the order of their ends. */
const decodeRows = ({ prefills, decodes }: TraceColumns): RowTable => {
  const empty = (): Float64Array => new Float64Array(0);
  if (decodes.length === 0) {
    return { length: 0, terms: BASE_TERMS, seconds: empty(), steps: empty(), sums: BASE_TERMS.map(empty) };
  }
  const p = prefills.length;
  const count = p + decodes.length;
  const startSec = new Float64Array(count);
  startSec.set(prefills.startSec);
  startSec.set(decodes.startSec, p);
  const endSec = new Float64Array(count);
  endSec.set(prefills.endSec);
  endSec.set(decodes.endSec, p);
  const { timesSec, segmentSec, startIndex, endIndex } = timeGrid(startSec, endSec);
  const segments = segmentSec.length;
  // Rates of prefill and decode tokens, and the context as a line in time: all change at boundaries only.
  const [prefilled, decoded, held] = [0, 1, 2].map(() => new Float64Array(segments + 1));
  const add = (change: Float64Array, i: number, value: number): void => {
    change[startIndex[i]] += value;
    change[endIndex[i]] -= value;
  };
  for (let i = 0; i < p; i++) add(prefilled, i, prefills.tokens[i] / (endSec[i] - startSec[i]));
  for (let q = 0; q < decodes.length; q++) {
    const i = p + q;
    const rate = decodes.steps[q] / (endSec[i] - startSec[i]);
    add(decoded, i, rate);
    add(held, i, decodes.context[q] - rate * startSec[i]);
  }
  // In place: at a boundary what was done before it, and the rates that go on from it.
  // A decode's context grows by a token a token, so at the rate of the decode tokens.
  let [prefillRate, decodeRate, context] = [0, 0, 0];
  let [prefillSum, decodeSum, contextSum] = [0, 0, 0];
  for (let j = 0; j <= segments; j++) {
    prefillRate += prefilled[j];
    context += held[j];
    decodeRate += decoded[j];
    prefilled[j] = prefillSum;
    decoded[j] = decodeSum;
    held[j] = contextSum;
    if (j === segments) break;
    const middle = (timesSec[j] + timesSec[j + 1]) / 2;
    prefillSum += prefillRate * segmentSec[j];
    decodeSum += decodeRate * segmentSec[j];
    contextSum += (context + decodeRate * middle) * segmentSec[j];
  }
  const whole: number[] = [];
  for (let q = 0; q < decodes.length; q++) if (decodes.cut[q] === 0 && decodes.steps[q] > 0) whole.push(q);
  whole.sort((a, b) => decodes.endSec[a] - decodes.endSec[b]);
  const rows = whole.length;
  const [seconds, steps, prefill, decode, read] = [0, 1, 2, 3, 4].map(() => new Float64Array(rows));
  const hasContext = !decodes.context.some(Number.isNaN);
  for (let row = 0; row < rows; row++) {
    const q = whole[row];
    const from = startIndex[p + q];
    const to = endIndex[p + q];
    seconds[row] = decodes.endSec[q] - decodes.startSec[q];
    steps[row] = decodes.steps[q];
    prefill[row] = prefilled[to] - prefilled[from];
    decode[row] = decoded[to] - decoded[from];
    if (hasContext) read[row] = (steps[row] / seconds[row]) * (held[to] - held[from]);
  }
  return { length: rows, terms: BASE_TERMS, seconds, steps, sums: [steps, prefill, decode, read] };
};
