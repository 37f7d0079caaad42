import { didYouMean, type Fault, listed } from '@stepclock/faults';
import { decimalNumber, rowsWhere, type TidyTable } from '@stepclock/trace-io';
import { type StageWarning, stageFault } from '../stage-fault.js';
import { IDS, KNOWN_KNOBS, KNOWN_STAGES, OUTPUT_TOKENS, TOTALS, VISION_TOTAL } from './column-names.js';
import { completeRows, type Found, isAllZero } from './complete-rows.js';
import { mergeRepeats } from './configurations.js';
import { conventionWarnings } from './convention-check.js';
import { decodeSteps, looksPerStep, type TotalRule } from './decode-steps.js';
import { placeIn } from './joined-tables.js';
import { mixedRepeatsWarnings } from './mixed-repeats.js';
import { DEFAULT_DECODE_STEPS, type StageDataOptions } from './stage-options.js';
import { type KnobColumn, type KnobTable, type StageTable, TOTAL } from './stage-table.js';

/**
 * Measurements as a table of configurations: rows that pass the filter, repeats merged, each stage above 0.
 *
 * @throws Fault `stage/missing-column`, `stage/no-stages`, `stage/no-features`, `stage/missing-stage` (naming stage, kind of fault and lines),
 * `stage/bad-value`, `stage/no-rows`
 * @throws Fault `trace-io/bad-filter`
 */
export const stageTableFrom = (table: TidyTable, options: StageDataOptions = {}): StageTable => {
  const warnings: StageWarning[] = [];
  const stages = stagesOf(table, options.stages);
  const knobs = knobsOf(table, options.features);
  const asked = [...rowsWhere(table, options.filter ?? [])];
  const rows = completeRows(table, stages, asked, options.incomplete ?? 'refuse', warnings);
  const kept = stages.filter(({ column }) => !isAllZero(table, column, rows));
  for (const { name } of stages.filter((stage) => !kept.includes(stage))) {
    warnings.push({
      code: 'zero-stage',
      message: `${name}: is 0 in every row: it adds nothing to the total and is left out (was it measured?)`,
    });
  }
  if (kept.length === 0) throw noStages(table);
  const total = totalRule(
    kept.map(({ name }) => name),
    options,
  );
  const steps = stepsOf(table, rows, total, options, new Set(knobs.map(({ name }) => name)), warnings);
  const single: StageTable = {
    length: rows.length,
    knobs: knobs.map((knob) => knobColumn(table, knob, rows)),
    decodeSteps: steps.values,
    origin: originOf(table, rows),
    stageNames: kept.map(({ name }) => name),
    stagesMs: kept.map(({ column }) => Float64Array.from(rows, (row) => decimalNumber(table.cell(row, column)))),
    total: steps.rule,
    repeats: new Uint32Array(rows.length).fill(1),
    noisePercent: null,
    warnings,
  };
  warnings.push(...conventionWarnings(table, rows, single));
  const merged = mergeRepeats(single);
  warnings.push(...mixedRepeatsWarnings(table, rows, single, merged.noisePercent));
  return merged;
};

/**
 * Measurements on a target for a source model: as {@link stageTableFrom} where the target has all of the source's stages; else, where it
 * has them, its totals (`T_total`, `T_total_ms`, `total_ms`) alone, as the one stage of the table.
 *
 * @param rule how the source's totals follow from its stages: which of the target's columns count steps
 * @throws Fault as {@link stageTableFrom}
 */
export const targetTableFrom = (table: TidyTable, rule: TotalRule, options: StageDataOptions = {}): StageTable => {
  const has = ({ aliases }: { readonly aliases: readonly string[] }): boolean => columnNamed(table, aliases) >= 0;
  const stages = (options.stages ?? []).map((name) => ({ name, aliases: [name, ...(KNOWN_STAGES[name] ?? [])] }));
  const column = columnNamed(table, TOTALS);
  if (column < 0 || (stages.length > 0 && stages.every(has))) return stageTableFrom(table, options);
  const warnings: StageWarning[] = [];
  const absent = stages.filter((stage) => !has(stage)).map(({ name }) => name);
  if (absent.length > 0 && absent.length < stages.length) {
    warnings.push({
      code: 'missing-stage',
      message: `${listed(absent)}: not measured here, so the totals alone are taken, and the other stages are not`,
    });
  }
  const total = { name: TOTAL, column };
  const asked = [...rowsWhere(table, options.filter ?? [])];
  const rows = completeRows(table, [total], asked, options.incomplete ?? 'refuse', warnings);
  if (isAllZero(table, column, rows)) throw noStages(table);
  const knobs = knobsOf(table, options.features);
  const steps = stepsOf(table, rows, rule, options, new Set(knobs.map(({ name }) => name)), warnings);
  const single: StageTable = {
    length: rows.length,
    knobs: knobs.map((knob) => knobColumn(table, knob, rows)),
    decodeSteps: steps.values,
    origin: originOf(table, rows),
    stageNames: [TOTAL],
    stagesMs: [Float64Array.from(rows, (row) => decimalNumber(table.cell(row, column)))],
    total: { ...steps.rule, perStepStages: [] },
    repeats: new Uint32Array(rows.length).fill(1),
    noisePercent: null,
    warnings,
  };
  const merged = mergeRepeats(single);
  warnings.push(...mixedRepeatsWarnings(table, rows, single, merged.noisePercent));
  return merged;
};

/**
 * The target of an experiment: as {@link stageTableFrom} where it has one of the source's stages, else its totals alone.
 *
 * @throws Fault as {@link stageTableFrom}
 */
export const experimentTargetFrom = (
  table: TidyTable,
  { stageNames, total }: StageTable,
  options: StageDataOptions = {},
): StageTable =>
  stageNames.some((name) => columnNamed(table, [name, ...(KNOWN_STAGES[name] ?? [])]) >= 0)
    ? stageTableFrom(table, options)
    : targetTableFrom(table, total, { stages: stageNames, ...options });

/** Knobs alone: what `predict` and `filter` read. Needs no stage. @throws Fault as {@link stageTableFrom} */
export const knobTableFrom = (
  table: TidyTable,
  features: readonly string[],
  total: TotalRule,
  options: Pick<StageDataOptions, 'filter' | 'outputTokens' | 'decodeSteps'> = {},
): KnobTable & { readonly warnings: readonly StageWarning[] } => {
  const warnings: StageWarning[] = [];
  const rows = [...rowsWhere(table, options.filter ?? [])];
  const knobs = knobsOf(table, features);
  const rule = options.decodeSteps === undefined ? total : { ...total, fixedSteps: options.decodeSteps };
  const { values: decodeSteps, outputTokens } = stepsOf(table, rows, rule, options, new Set(features), warnings);
  return {
    length: rows.length,
    knobs: knobs.map((knob) => knobColumn(table, knob, rows)),
    decodeSteps,
    outputTokens,
    origin: originOf(table, rows),
    ids: idsOf(table, rows),
    warnings,
  };
};

const originOf = (table: TidyTable, rows: readonly number[]) => ({
  files: rows.map((row) => placeIn(table, row).file),
  lines: Uint32Array.from(rows, (row) => table.line(row)),
});

/** What the file calls its rows; undefined where it has no name for them. */
const idsOf = (table: TidyTable, rows: readonly number[]): string[] | undefined => {
  const column = columnNamed(table, IDS);
  return column < 0 ? undefined : rows.map((row) => table.cell(row, column).trim());
};

const columnNamed = (table: TidyTable, aliases: readonly string[]): number =>
  aliases.map((alias) => table.names.indexOf(alias)).find((at) => at >= 0) ?? -1;

const required = (table: TidyTable, name: string, known: Readonly<Record<string, readonly string[]>>): Found => {
  const column = columnNamed(table, [name, ...(known[name] ?? [])]);
  if (column >= 0) return { name, column };
  throw stageFault('stage/missing-column', {
    what: name,
    rule: `must be a column (${listed(table.names, 20)})`,
    file: table.file,
    column: name,
    ...didYouMean(name, table.names),
  });
};

const stagesOf = (table: TidyTable, asked: readonly string[] | undefined): Found[] => {
  if (asked !== undefined && asked.length > 0) return asked.map((name) => required(table, name, KNOWN_STAGES));
  const found = Object.entries(KNOWN_STAGES)
    .map(([name, aliases]) => ({ name, column: columnNamed(table, aliases) }))
    .filter(({ column }) => column >= 0);
  const vision = columnNamed(table, VISION_TOTAL);
  if (vision >= 0 && !found.some(({ name }) => name === 'T_vision_encoder')) {
    // The projector is inside the vision total: beside it, it would count twice.
    return [{ name: table.names[vision], column: vision }, ...found.filter(({ name }) => name !== 'T_projector')];
  }
  if (found.length === 0) throw noStages(table);
  return found;
};

const noStages = (table: TidyTable): Fault =>
  stageFault('stage/no-stages', {
    what: 'stages',
    rule: `must be at least one column of times in ms (known: ${Object.keys(KNOWN_STAGES).join(', ')})`,
    value: listed(table.names, 20),
    file: table.file,
  });

const knobsOf = (table: TidyTable, asked: readonly string[] | undefined): Found[] => {
  if (asked !== undefined && asked.length > 0) return asked.map((name) => required(table, name, KNOWN_KNOBS));
  const found = Object.entries(KNOWN_KNOBS)
    .map(([name, aliases]) => ({ name, column: columnNamed(table, aliases) }))
    .filter(({ column }) => column >= 0);
  if (found.length > 0) return found;
  throw stageFault('stage/no-features', {
    what: 'features',
    rule: `must be at least one knob column (known: ${Object.keys(KNOWN_KNOBS).join(', ')})`,
    value: listed(table.names, 20),
    file: table.file,
  });
};

const totalRule = (stageNames: readonly string[], options: StageDataOptions): TotalRule => {
  const perStepStages = options.perStepStages ?? stageNames.filter(looksPerStep);
  const unknown = perStepStages.find((name) => !stageNames.includes(name));
  if (unknown !== undefined) {
    throw stageFault('stage/bad-option', {
      what: 'per-step stages',
      rule: `must be among ${listed(stageNames)}`,
      value: unknown,
    });
  }
  const { decodeSteps: fixed, convention = 'prefill-emits-first' } = options;
  if (fixed !== undefined && !(Number.isFinite(fixed) && fixed >= 0)) {
    throw stageFault('stage/bad-option', { what: 'decode steps', rule: 'must be a number from 0', value: fixed });
  }
  return { perStepStages, convention, ...(fixed === undefined ? {} : { fixedSteps: fixed }) };
};

/** Decode steps of each row: fixed, from the output tokens, or the default with a warning. */
const stepsOf = (
  table: TidyTable,
  rows: readonly number[],
  rule: TotalRule,
  options: Pick<StageDataOptions, 'outputTokens'>,
  knobs: ReadonlySet<string>,
  warnings: StageWarning[],
): { readonly values: Float64Array; readonly rule: TotalRule; readonly outputTokens?: Float64Array } => {
  const values = new Float64Array(rows.length);
  const outputTokens = new Float64Array(rows.length);
  if (rule.perStepStages.length === 0) return { values, rule };
  if (rule.fixedSteps !== undefined) return { values: values.fill(rule.fixedSteps), rule };
  const column =
    options.outputTokens === undefined
      ? columnNamed(
          table,
          OUTPUT_TOKENS.filter((name) => !knobs.has(name)),
        )
      : required(table, options.outputTokens, {}).column;
  if (column < 0) {
    warnings.push({
      code: 'decode-convention',
      message: `no column of output tokens: totals are taken over ${DEFAULT_DECODE_STEPS} decode steps (say otherwise with decode steps or output tokens)`,
    });
    return { values: values.fill(DEFAULT_DECODE_STEPS), rule: { ...rule, fixedSteps: DEFAULT_DECODE_STEPS } };
  }
  rows.forEach((row, i) => {
    const tokens = decimalNumber(table.cell(row, column));
    if (!(tokens >= 1 && Number.isFinite(tokens))) {
      throw stageFault('stage/bad-value', {
        what: 'output tokens',
        rule: 'must be a number from 1',
        value: table.cell(row, column),
        ...placeIn(table, row),
        column: table.names[column],
      });
    }
    outputTokens[i] = tokens;
    values[i] = decodeSteps(tokens, rule.convention);
  });
  return { values, rule, outputTokens };
};

/** A knob is numeric when all its cells are numbers; with some, a cell that is none is an error; with none, it is a category. */
const knobColumn = (table: TidyTable, { name, column }: Found, rows: readonly number[]): KnobColumn => {
  const texts = rows.map((row) => table.cell(row, column).trim());
  const numbers = texts.map(decimalNumber);
  const isNumeric = numbers.some((value) => !Number.isNaN(value));
  const bad = isNumeric ? numbers.findIndex((value) => !Number.isFinite(value)) : texts.indexOf('');
  if (bad >= 0) {
    const expected = isNumeric ? 'a number, as in the other rows' : 'a level';
    throw stageFault('stage/bad-value', {
      what: name,
      rule: `must be ${expected}`,
      value: texts[bad],
      ...placeIn(table, rows[bad]),
      column: name,
    });
  }
  if (isNumeric) return { kind: 'numeric', name, values: Float64Array.from(numbers) };
  // The first spelling of a level is its name.
  const spelling = new Map<string, string>();
  for (const text of texts) if (!spelling.has(text.toLowerCase())) spelling.set(text.toLowerCase(), text);
  const levels = [...spelling.values()].sort();
  const codes = new Map(levels.map((level, code) => [level.toLowerCase(), code]));
  return {
    kind: 'category',
    name,
    levels,
    values: Float64Array.from(texts, (text) => codes.get(text.toLowerCase()) ?? -1),
  };
};
