import { stageTableFrom } from '@stepclock/stage-latency-recalibration';
import type { TidyTable } from '@stepclock/trace-io';
import { shellWord } from '../../session/shell-word.js';
import { type Diagnosis, nothing } from './diagnosis.js';
import { unlessFault } from './unless-fault.js';

/** How columns of stage times in milliseconds are called by those who follow the plan's names, and no column of a request log is. */
const STAGE = /^T_\w+$/;
const NOT_A_STAGE = /total/i;
/** Columns that count or name the rows, and what the total takes by itself. */
const NO_KNOB = /^(?:id|name|\w+_id|repeat|run|seed|sample|configuration|(?:num_|actual_)?output_tokens|\w+_ms)$/i;
/** Above, the slow forms take minutes. */
const MANY_ROWS = 300;
/** A part of a table with fewer rows tells less than the whole. */
const FEWEST_ROWS = 12;

const GUESSED = {
  code: 'guessed-columns',
  message:
    'what the columns mean is guessed from their names: those of times in ms are stages, other numbers that change are knobs, and of rows by name (model, GPU) the first is taken',
};

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));

/** Rows of one machine and model: of each column of names that changes, the value of the first row. */
const filtersOf = (table: TidyTable): { readonly filter: readonly string[]; readonly rows: readonly number[] } => {
  let rows = Array.from({ length: table.length }, (_, row) => row);
  const filter: string[] = [];
  for (const [column, name] of table.names.entries()) {
    const first = table.cell(rows[0] ?? 0, column);
    if (first === '' || isNumber(first)) continue;
    const same = rows.filter((row) => table.cell(row, column) === first);
    if (same.length === rows.length || same.length < FEWEST_ROWS) continue;
    rows = same;
    filter.push(`${name}=${first}`);
  }
  return { filter, rows };
};

const knobsOf = (table: TidyTable, rows: readonly number[]): readonly string[] =>
  table.names.filter((name, column) => {
    if (NO_KNOB.test(name) || STAGE.test(name)) return false;
    const seen = new Set(rows.map((row) => table.cell(row, column)));
    return seen.size > 1 && [...seen].every(isNumber);
  });

/** A table of stages of a request under names of any kind: by which command they are learned; tried before it is proposed. */
export const stageTable = async (table: TidyTable, path: string): Promise<Diagnosis | undefined> => {
  const command = (parts: readonly string[], of: number): string =>
    [
      'stepclock stage train --data',
      shellWord(path),
      ...parts,
      ...(of > MANY_ROWS ? ['--families linear,log-polynomial'] : []),
      '--output stages.json',
    ].join(' ');
  const answered = (line: string, warnings: Diagnosis['warnings']): Diagnosis => ({
    ...nothing,
    file: path,
    is: 'a table of times by stage of a request',
    evidence: 'measurements',
    answers: [{ question: 'the time of every stage over the knobs', commands: [line] }],
    warnings,
  });
  const known = await unlessFault(() => stageTableFrom(table));
  const isMixed = known?.warnings.some(({ code }) => code === 'mixed-repeats') ?? true;
  if (known !== undefined && !isMixed) return answered(command([], known.length), known.warnings);
  const named = table.names.filter((name) => STAGE.test(name) && !NOT_A_STAGE.test(name));
  if (known === undefined && named.length === 0) return undefined;
  const { filter, rows } = filtersOf(table);
  const features = knobsOf(table, rows);
  const stages = known === undefined ? named : [];
  const guessed = await unlessFault(() => stageTableFrom(table, { stages, features, filter }));
  if (guessed === undefined || features.length === 0)
    return known && answered(command([], known.length), known.warnings);
  const parts = [
    ...(stages.length === 0 ? [] : [`--stages ${shellWord(stages.join(','))}`]),
    `--features ${shellWord(features.join(','))}`,
    ...filter.map((one) => `--filter ${shellWord(one)}`),
  ];
  return answered(command(parts, guessed.length), [GUESSED, ...guessed.warnings]);
};
