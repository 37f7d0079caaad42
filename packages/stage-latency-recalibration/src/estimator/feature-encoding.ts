import { listed } from '@stepclock/faults';
import { meanOf } from '@stepclock/numerics';
import { type FeatureTable, featureTable } from '@stepclock/regression';
import { type KnobColumn, type KnobTable, placeOf } from '../data/stage-table.js';
import { stageFault } from '../stage-fault.js';

export const SCALES = ['log', 'log1p', 'linear'] as const;

type Scale = (typeof SCALES)[number];

/** How one knob becomes numbers. Logarithms wherever all values are above 0: latencies are products of powers of sizes, nearly. */
type KnobEncoding =
  | {
      readonly kind: 'numeric';
      readonly name: string;
      readonly scale: Scale;
      readonly mean: number;
      readonly sd: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: 'category'; readonly name: string; readonly levels: readonly string[] };

/** A size that the physics knows and the knobs only imply. */
interface DerivedKnob {
  readonly name: string;
  readonly sumOf: readonly string[];
  /** Rounded up to a multiple of this. */
  readonly tile: number;
}

/**
 * What the prefill works on: all tokens of the context, in whole tiles of them. Matrix kernels pad to tiles of 64 to 256 tokens, so times rise in
 * steps; the largest common tile is the step that shows.
 */
const TILE = 256;

const DERIVED: readonly DerivedKnob[] = [
  { name: 'context_tokens', sumOf: ['vision_tokens', 'prompt_tokens'], tile: 1 },
  { name: 'context_tiles', sumOf: ['vision_tokens', 'prompt_tokens'], tile: TILE },
];

/** Names that the encoding adds to the knobs. */
export const DERIVED_NAMES: ReadonlySet<string> = new Set(DERIVED.map(({ name }) => name));

/** Knobs as features of two kinds: `scaled` (logarithms, standardised) for smooth models, `raw` for physics forms in ms. */
export interface FeatureEncoding {
  readonly knobs: readonly KnobEncoding[];
}

const scaleOf = (columns: readonly Float64Array[]): Scale => {
  const least = columns.reduce(
    (least, values) => values.reduce((a, b) => Math.min(a, b), least),
    Number.POSITIVE_INFINITY,
  );
  return least > 0 ? 'log' : least === 0 ? 'log1p' : 'linear';
};

const scaled = (value: number, scale: Scale): number =>
  scale === 'log' ? Math.log(value) : scale === 'log1p' ? Math.log1p(value) : value;

/** A standardised value as its knob has it, rounded to six digits; undefined for levels and for what is derived. */
export const knobValue = ({ knobs }: FeatureEncoding, name: string, value: number): number | undefined => {
  const knob = knobs.find((one) => one.name === name);
  if (knob === undefined || knob.kind === 'category' || DERIVED_NAMES.has(name)) return undefined;
  const plain = value * knob.sd + knob.mean;
  const raw = knob.scale === 'log' ? Math.exp(plain) : knob.scale === 'log1p' ? Math.expm1(plain) : plain;
  return Number(raw.toPrecision(6));
};

const withDerived = (knobs: readonly KnobColumn[]): readonly KnobColumn[] => {
  const numeric = new Map(
    knobs.flatMap((knob) => (knob.kind === 'numeric' ? [[knob.name, knob.values] as const] : [])),
  );
  const derived = DERIVED.filter(({ sumOf }) => sumOf.every((name) => numeric.has(name))).map(
    ({ name, sumOf, tile }) => {
      const columns = sumOf.map((part) => numeric.get(part) as Float64Array);
      const [first = new Float64Array(0)] = columns;
      return {
        kind: 'numeric' as const,
        name,
        values: first.map((_, i) => {
          const sum = columns.reduce((tokens, column) => tokens + column[i], 0);
          return Math.ceil(sum / tile) * tile;
        }),
      };
    },
  );
  return [...knobs, ...derived];
};

/**
 * Learns the encoding from the source's configurations. Constant knobs are left out: nothing can be learnt about them.
 *
 * @param others tables that will be predicted: where one has a knob that is zero, logarithms must do with it
 * @throws Fault `stage/no-features` when no knob varies
 */
export const learnEncoding = (table: KnobTable, others: readonly KnobTable[] = []): FeatureEncoding => {
  const elsewhere = others.map(({ knobs }) => withDerived(knobs));
  const knobs = withDerived(table.knobs).flatMap((knob): KnobEncoding[] => {
    const [first] = knob.values;
    if (knob.values.every((value) => value === first)) return [];
    if (knob.kind === 'category') return [{ kind: 'category', name: knob.name, levels: knob.levels }];
    const scale = scaleOf([
      knob.values,
      ...elsewhere.flatMap((columns) => columns.filter(({ name }) => name === knob.name).map(({ values }) => values)),
    ]);
    const values = knob.values.map((value) => scaled(value, scale));
    const mean = meanOf(values);
    const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    const min = knob.values.reduce((a, b) => Math.min(a, b));
    const max = knob.values.reduce((a, b) => Math.max(a, b));
    return [{ kind: 'numeric', name: knob.name, scale, mean, sd: sd > 0 ? sd : 1, min, max }];
  });
  if (knobs.length === 0) {
    const names = table.knobs.map(({ name }) => name);
    throw stageFault('stage/no-features', {
      what: 'features',
      rule: `must have at least one knob that varies (${listed(names)})`,
    });
  }
  return { knobs };
};

/** Columns of a table by the encoding's names, categories in the encoding's levels. */
const matched = (
  encoding: FeatureEncoding,
  table: KnobTable,
): readonly (KnobColumn & { readonly values: Float64Array })[] => {
  const columns = withDerived(table.knobs);
  return encoding.knobs.map((knob) => {
    const column = columns.find(({ name }) => name === knob.name);
    if (column === undefined || column.kind !== knob.kind) {
      throw stageFault('stage/other-knobs', {
        what: knob.name,
        rule: `must be a ${knob.kind} knob, as the model has it`,
        value: column?.kind ?? listed(table.knobs.map(({ name }) => name)),
        file: table.origin?.files[0],
        column: knob.name,
      });
    }
    if (column.kind === 'numeric' || knob.kind === 'numeric') return column;
    const known = knob.levels.map((level) => level.toLowerCase());
    const codes = column.levels.map((level) => known.indexOf(level.toLowerCase()));
    const values = column.values.map((code) => codes[code]);
    const unknown = values.indexOf(-1);
    if (unknown >= 0) {
      const level = column.levels[column.values[unknown]];
      throw stageFault('stage/unknown-level', {
        what: knob.name,
        rule: `must be one of ${listed(knob.levels)}`,
        value: level,
        ...placeOf(table, unknown),
        column: knob.name,
      });
    }
    return { ...column, levels: knob.levels, values };
  });
};

const columnsOf = (
  encoding: FeatureEncoding,
  table: KnobTable,
  numeric: (value: number, knob: KnobEncoding & { kind: 'numeric' }, row: number) => number,
): FeatureTable => {
  const names: string[] = [];
  const columns: Float64Array[] = [];
  const found = matched(encoding, table);
  encoding.knobs.forEach((knob, k) => {
    const { values } = found[k] as KnobColumn;
    if (knob.kind === 'numeric') {
      names.push(knob.name);
      columns.push(values.map((value, row) => numeric(value, knob, row)));
      return;
    }
    // The first level is the one that the others differ from.
    knob.levels.slice(1).forEach((level, i) => {
      names.push(`${knob.name}=${level}`);
      columns.push(values.map((code) => (code === i + 1 ? 1 : 0)));
    });
  });
  return featureTable(names, columns);
};

/** Standardised logarithms (or the values themselves, where a knob is not positive) and 0/1 columns for levels. */
export const scaledFeatures = (encoding: FeatureEncoding, table: KnobTable): FeatureTable =>
  columnsOf(encoding, table, (value, { name, scale, mean, sd }, row) => {
    if ((scale === 'log' && !(value > 0)) || (scale === 'log1p' && !(value >= 0))) {
      throw stageFault('stage/bad-value', {
        what: name,
        rule: `must be ${scale === 'log' ? 'above' : 'at least'} 0`,
        value,
        ...placeOf(table, row),
        column: name,
        hint: 'as in every row trained on: what less does is not known',
      });
    }
    return (scaled(value, scale) - mean) / sd;
  });

/** The knobs as they are, and 0/1 columns for levels. */
export const rawFeatures = (encoding: FeatureEncoding, table: KnobTable): FeatureTable =>
  columnsOf(encoding, table, (value) => value);
