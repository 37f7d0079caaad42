import { listed } from '@stepclock/faults';
import { type KnobColumn, type KnobTable, placeOf } from '../data/stage-table.js';
import { type StageWarning, stageFault } from '../stage-fault.js';
import type { FeatureEncoding } from './feature-encoding.js';

/** What a set of configurations can and cannot tell about its knobs. */
export const designWarnings = (table: KnobTable): StageWarning[] => {
  const warnings: StageWarning[] = [];
  const varying = table.knobs.filter(({ values }) => values.some((value) => value !== values[0]));
  const constant = table.knobs.filter((knob) => !varying.includes(knob)).map(({ name }) => name);
  const [only] = varying;
  if (varying.length === 1 && only !== undefined && constant.length > 0) {
    warnings.push({
      code: 'single-knob-sweep',
      message: `only ${only.name} varies: the effects of ${listed(constant)} cannot be identified; the model holds at their one value alone`,
    });
  } else if (constant.length > 0) {
    warnings.push({
      code: 'constant-knob',
      message: `${listed(constant)}: the same in every row, so nothing can be learnt about ${constant.length > 1 ? 'them' : 'it'}`,
    });
  }
  for (const group of movedApart(varying)) {
    const bases = group.map((knob) => textOf(knob, mostFrequent(knob.values)));
    warnings.push({
      code: 'one-knob-at-a-time',
      message: `no row differs from the base (${listed(bases)}) in more than one of ${listed(group.map(({ name }) => name))}: how the knobs act together cannot be identified`,
    });
  }
  for (const [i, a] of varying.entries()) {
    for (const b of varying.slice(i + 1)) {
      if (!isOneToOne(a.values, b.values)) continue;
      warnings.push({
        code: 'tied-knobs',
        message: `${a.name} and ${b.name} always move together: their effects cannot be told apart on this data`,
      });
    }
  }
  return warnings;
};

const textOf = (knob: KnobColumn, value: number): number | string =>
  knob.kind === 'numeric' ? value : (knob.levels[value] ?? '');

/** Groups of knobs of which no row moves two off their most frequent values: sweeps of one knob at a time, crossed or not with other knobs. */
const movedApart = (knobs: readonly KnobColumn[]): KnobColumn[][] => {
  const moved = knobs.map(({ values }) => {
    const base = mostFrequent(values);
    return values.map((value) => (value === base ? 0 : 1));
  });
  const apart = (a: number, b: number): boolean =>
    (moved[a] as Float64Array).every((value, row) => value === 0 || moved[b]?.[row] === 0);
  const groups: number[][] = [];
  knobs.forEach((_, knob) => {
    const home = groups.find((group) => group.every((other) => apart(knob, other)));
    if (home === undefined) groups.push([knob]);
    else home.push(knob);
  });
  return groups.filter(({ length }) => length > 1).map((group) => group.map((knob) => knobs[knob]));
};

const mostFrequent = (values: Float64Array): number => {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
};

const isOneToOne = (a: Float64Array, b: Float64Array): boolean => {
  const forward = new Map<number, number>();
  const backward = new Map<number, number>();
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if ((forward.get(x) ?? y) !== y || (backward.get(y) ?? x) !== x) return false;
    forward.set(x, y);
    backward.set(y, x);
  }
  return true;
};

/** Where rows lie outside the ranges that the model was trained on, one warning a knob. */
export const rangeWarnings = (encoding: FeatureEncoding, table: KnobTable): StageWarning[] =>
  encoding.knobs.flatMap((knob): StageWarning[] => {
    const column = table.knobs.find(({ name }) => name === knob.name);
    if (knob.kind === 'category' || column === undefined) return [];
    const outside = column.values.reduce((n, value) => n + (knob.min <= value && value <= knob.max ? 0 : 1), 0);
    return outside === 0
      ? []
      : [
          {
            code: 'outside-training-range',
            message: `${knob.name}: ${outside} of ${table.length} rows outside the training range ${knob.min} to ${knob.max}; nothing measured backs them`,
          },
        ];
  });

/** The value of each knob that was constant in training: the model knows no other. */
export type ConstantKnobs = Readonly<Record<string, number | string>>;

export const constantKnobs = (table: KnobTable): ConstantKnobs => {
  const constant: Record<string, number | string> = Object.create(null);
  for (const knob of table.knobs) {
    const [first = 0] = knob.values;
    if (!knob.values.every((value) => value === first)) continue;
    constant[knob.name] = textOf(knob, first);
  }
  return constant;
};

/** @throws Fault `stage/not-identifiable` for a row that moves a knob which never moved in training */
export const refuseMovedConstants = (constant: ConstantKnobs, table: KnobTable): void => {
  for (const [name, was] of Object.entries(constant)) {
    const knob = table.knobs.find((column) => column.name === name);
    if (knob === undefined) continue;
    for (const [row, value] of knob.values.entries()) {
      const now = textOf(knob, value);
      if (now === was) continue;
      throw stageFault('stage/not-identifiable', {
        what: name,
        rule: `must be ${was}, its only value in the training data, which cannot say what it does`,
        value: now,
        ...placeOf(table, row),
        column: name,
      });
    }
  }
};
