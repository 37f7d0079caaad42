import {
  gridConfigurations,
  KNOWN_KNOBS,
  type KnobGrid,
  type KnobTable,
  knobTableFrom,
  samplingPlan,
  syntheticGpuCsv,
} from '@stepclock/stage-latency-recalibration';
import type { StagePlanArgs, StageSyntheticArgs } from '../commands/stage.js';
import { UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { given } from './given.js';
import { readTable } from './stage-input.js';

/** `name=value:value` as a knob of a grid. */
const gridOf = (texts: readonly string[]): KnobGrid =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      const values = text
        .slice(at + 1)
        .split(':')
        .map((value) => value.trim());
      if (at < 1 || values.includes('')) {
        throw new UsageError(`--grid: must be name=value:value:...; got '${text}'`);
      }
      const numbers = values.map(Number);
      return [text.slice(0, at).trim(), numbers.every(Number.isFinite) ? numbers : values];
    }),
  );

const configurationsOf = async (args: StagePlanArgs, session: Session): Promise<KnobTable> => {
  const { grid = [], data, features = [], filter = [] } = args;
  if ((data === undefined) === (grid.length === 0)) {
    throw new UsageError('--grid, --data: one of them must name the configurations');
  }
  if (data === undefined) return gridConfigurations(gridOf(grid));
  const table = await readTable(data, session);
  const known = Object.keys(KNOWN_KNOBS).filter((name) => table.names.includes(name));
  const all = knobTableFrom(
    table,
    features.length > 0 ? features : known,
    { perStepStages: [], convention: 'prefill-emits-first' },
    filter.length > 0 ? { filter } : {},
  );
  return distinct(all);
};

/** Repeats of a configuration are one. */
const distinct = (table: KnobTable): KnobTable => {
  const seen = new Set<string>();
  const rows: number[] = [];
  for (let i = 0; i < table.length; i++) {
    const key = table.knobs.map(({ values }) => values[i]).join('|');
    if (!seen.has(key)) rows.push(i);
    seen.add(key);
  }
  const pick = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row]);
  return {
    length: rows.length,
    decodeSteps: pick(table.decodeSteps),
    knobs: table.knobs.map((knob) => ({ ...knob, values: pick(knob.values) })),
  };
};

const csvCell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** `stepclock stage plan`. */
export const runStagePlan = async (args: StagePlanArgs, session: Session): Promise<ExitCode> => {
  await checkOutputs({ streams: { output: args.output } }, args.data === undefined ? [] : [args.data]);
  const table = await configurationsOf(args, session);
  const rows = samplingPlan(table, args.samples ?? 0, args.kind, args.seed ?? 0);
  const lines = [
    ['order', ...table.knobs.map(({ name }) => name)],
    ...Array.from(rows, (row, i) => [
      `${i + 1}`,
      ...table.knobs.map((knob) => {
        const value = knob.values[row];
        return knob.kind === 'numeric' ? `${value}` : knob.levels[value];
      }),
    ]),
  ];
  const text = `${lines.map((cells) => cells.map(csvCell).join(',')).join('\n')}\n`;
  if (args.output === undefined || args.output === '-') session.print(text);
  else await session.writeFile(args.output, text);
  return ExitCode.ok;
};

/** `stepclock stage synthetic`. */
export const runStageSynthetic = async (args: StageSyntheticArgs, session: Session): Promise<ExitCode> => {
  const { configurations, repeats, noise, stragglers, seed, output } = args;
  await checkOutputs({ streams: { output } });
  const text = syntheticGpuCsv(given({ configurations, repeats, noise, stragglers, seed }));
  if (output === undefined || output === '-') session.print(text);
  else await session.writeFile(output, text);
  return ExitCode.ok;
};
