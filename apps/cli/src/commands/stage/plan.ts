import { ExitCode } from '@stepclock/faults';
import {
  gridConfigurations,
  KNOWN_KNOBS,
  type KnobGrid,
  type KnobTable,
  knobTableFrom,
  PLAN_KINDS,
  samplingPlan,
} from '@stepclock/stage-latency-recalibration';
import { positiveInteger } from '../../options/number-rules.js';
import { type ArgsOf, choice, list, number, paths, required, text, withDefault } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { csvText, knobCells } from './cells.js';
import { readTable } from './input.js';
import { columnOptions, filterOption, seedOption } from './options.js';

const options = {
  grid: list('values of a knob, as name=value:value:...; once a knob'),
  data: paths('choose among the configurations of these files instead', 'tables'),
  features: columnOptions.features,
  ...filterOption,
  samples: required(number('how many', positiveInteger)),
  kind: withDefault(
    'stratified',
    choice(
      PLAN_KINDS,
      'random is what guarantees assume; stratified covers every knob; space-filling goes to the corners',
    ),
  ),
  output: text('where the plan goes; - is standard output [-]', 'stream'),
  ...seedOption,
};

type PlanArgs = ArgsOf<typeof options>;

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
        throw usageFault('--grid', 'must be name=value:value:...', text);
      }
      const numbers = values.map(Number);
      return [text.slice(0, at).trim(), numbers.every(Number.isFinite) ? numbers : values];
    }),
  );

const configurationsOf = async (args: PlanArgs, session: Session): Promise<KnobTable> => {
  const { grid, data, features, filter } = args;
  if ((data.length === 0) === (grid.length === 0)) {
    throw usageFault('--grid, --data', 'one of them must name the configurations');
  }
  if (data.length === 0) return gridConfigurations(gridOf(grid));
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

export const verb = defineVerb({
  options,
  examples: [['$0 stage plan --grid vision_tokens=64:144:576 --grid active_blocks=16:24:32 --samples 5', '']],
  run: async (args, session) => {
    const table = await configurationsOf(args, session);
    const rows = samplingPlan(table, args.samples, args.kind, args.seed ?? 0);
    const header = ['order', ...table.knobs.map(({ name }) => name)];
    const lines = Array.from(rows, (row, i) => [`${i + 1}`, ...knobCells(table, row).map(String)]);
    await session.writeText(args.output, [csvText([header, ...lines])]);
    return ExitCode.ok;
  },
});
