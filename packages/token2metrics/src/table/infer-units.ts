import { median } from 'd3-array';
import { fault } from '../fault.js';
import type { Metric } from './metric.js';
import { type Unit, unitOf } from './units.js';

/** The numbers of a sheet as they stand, with what is known of their units. */
export interface RawTimes {
  readonly file: string;
  readonly columns: Partial<
    Readonly<Record<Metric, { readonly name: string; readonly unit: Unit | undefined; readonly raw: Float64Array }>>
  >;
  readonly outputTokens: Float64Array | undefined;
  readonly tokensPerSecond: Float64Array | undefined;
}

export interface InferredUnit {
  readonly unit: Unit;
  /** The column named no unit, and this is what told it. */
  readonly evidence?: string;
}

/** Units apart by a factor of 60 at least: agreement within a quarter leaves no doubt. */
const AGREEMENT = 0.25;

const CANDIDATES = ['s', 'ms', 'us', 'ns'];

/**
 * The unit of every time column. A column without a declared unit gets one only from the file's own arithmetic: tokens over `tokens_per_second`
 * is a duration in seconds, and prefill + decode = total. The same arithmetic is held against declared units.
 *
 * @throws Fault `token2metrics/unknown-unit` when nothing tells the unit, `token2metrics/unit-mismatch` when the arithmetic denies it
 */
export const inferTimeUnits = (times: RawTimes): Partial<Record<Metric, InferredUnit>> => {
  const known: Partial<Record<Metric, InferredUnit>> = {};
  for (const metric of ['ttft', 'decode', 'total'] as const) {
    const column = times.columns[metric];
    if (column?.unit) known[metric] = { unit: column.unit };
  }
  checkDeclared(times, known);
  for (const metric of ['total', 'decode', 'ttft'] as const) {
    const column = times.columns[metric];
    if (!column || known[metric]) continue;
    const inferred = byRate(times, metric) ?? bySum(times, metric, known);
    if (!inferred) {
      throw fault('unknown-unit', {
        what: column.name,
        rule: `must have a unit in its name or a declared one (units: ${column.name}=ms); the numbers do not tell it either`,
        file: times.file,
        line: 1,
      });
    }
    known[metric] = inferred;
  }
  return known;
};

/** Median of value / seconds over the rows that have both: 1000 where the values are milliseconds. */
const typicalRatio = (raw: Float64Array, seconds: Float64Array): number | undefined =>
  median(Array.from(raw, (value, i) => value / seconds[i]).filter((ratio) => Number.isFinite(ratio) && ratio > 0));

const unitFor = (raw: Float64Array, seconds: Float64Array): Unit | undefined => {
  const ratio = typicalRatio(raw, seconds);
  if (ratio === undefined) return undefined;
  return CANDIDATES.map((name) => unitOf('time', name)).find(({ factor }) => Math.abs(ratio * factor - 1) < AGREEMENT);
};

const rateSeconds = ({ outputTokens, tokensPerSecond }: RawTimes): Float64Array | undefined =>
  outputTokens && tokensPerSecond && outputTokens.map((tokens, i) => tokens / tokensPerSecond[i]);

const byRate = (times: RawTimes, metric: 'ttft' | 'decode' | 'total'): InferredUnit | undefined => {
  const seconds = rateSeconds(times);
  const column = times.columns[metric];
  if (metric === 'ttft' || !seconds || !column) return undefined;
  const unit = unitFor(column.raw, seconds);
  return unit && { unit, evidence: 'output_tokens / tokens_per_second' };
};

/** ttft and decode of one sheet share a unit: their sum against a total whose unit is known. */
const bySum = (
  { columns: { ttft, decode, total } }: RawTimes,
  metric: 'ttft' | 'decode' | 'total',
  known: Partial<Readonly<Record<Metric, InferredUnit>>>,
): InferredUnit | undefined => {
  const unit = (of: Metric) => known[of]?.unit.factor;
  const [ttftFactor, decodeFactor, totalFactor] = [unit('ttft'), unit('decode'), unit('total')];
  if (ttft && decode && total && totalFactor !== undefined) {
    const seconds = total.raw.map((value) => value * totalFactor);
    const both = ttft.raw.map((value, i) => value + decode.raw[i]);
    const found = unitFor(both, seconds);
    if (found) return { unit: found, evidence: `${ttft.name} + ${decode.name} = ${total.name}` };
  }
  if (metric === 'ttft' && ttft && decodeFactor !== undefined && decode && !decode.unit) {
    // Where decode named no unit either, the two columns were written alike.
    return { unit: known.decode?.unit as Unit, evidence: `the unit of ${decode.name}, which is written the same way` };
  }
  if (!ttft || !decode || !total) return undefined;
  if (metric === 'total' && ttftFactor !== undefined && decodeFactor !== undefined) {
    const sum = ttft.raw.map((value, i) => value * ttftFactor + decode.raw[i] * decodeFactor);
    const found = unitFor(total.raw, sum);
    return found && { unit: found, evidence: `${ttft.name} + ${decode.name}` };
  }
  return undefined;
};

const checkDeclared = (times: RawTimes, known: Partial<Readonly<Record<Metric, InferredUnit>>>): void => {
  const { ttft, decode, total } = times.columns;
  const inSeconds = (metric: Metric): Float64Array | undefined => {
    const factor = known[metric]?.unit.factor;
    return factor === undefined ? undefined : times.columns[metric]?.raw.map((value) => value * factor);
  };
  const deny = (name: string, against: string, ratio: number): void => {
    // Rates and sums are told apart from each other's definitions by a factor of 2; a wrong unit is off by 60 or more.
    if (ratio < 20 && ratio > 1 / 20) return;
    throw fault('unit-mismatch', {
      what: name,
      rule: `must be in a unit that agrees with ${against}`,
      value: `${Number(ratio.toPrecision(3))} times as much`,
      file: times.file,
      line: 1,
    });
  };
  const [ttftSec, decodeSec, totalSec] = [inSeconds('ttft'), inSeconds('decode'), inSeconds('total')];
  if (ttftSec && decodeSec && totalSec) {
    const sum = ttftSec.map((value, i) => value + decodeSec[i]);
    deny(total?.name ?? 'total', `${ttft?.name} + ${decode?.name}`, typicalRatio(totalSec, sum) ?? 1);
  }
  const rate = rateSeconds(times);
  const longest = totalSec ?? decodeSec;
  if (rate && longest)
    deny(
      (totalSec ? total : decode)?.name ?? 'time',
      'output_tokens / tokens_per_second',
      typicalRatio(longest, rate) ?? 1,
    );
};
