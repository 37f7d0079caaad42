import type { EstimateWarning, StepClockEstimate } from '@stepclock/beta-estimators';
import { ExitCode, isFault } from '@stepclock/faults';
import { type LoadSummary, loadSummary } from '@stepclock/overlap-pressure';
import { snakeCaseKeys } from '@stepclock/step-model';
import type { EngineSettings, StepTable, Trace } from '@stepclock/trace-io';
import { fsum, max, min, quantile } from 'd3-array';
import { readTraceFile } from '../../files/trace-input.js';
import { jsonOption, required, text } from '../../options/option.js';
import { traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { instanceNames } from '../../text/instance-names.js';
import { durationText, grouped, percent, significant } from '../../text/quantity.js';
import { tableText } from '../../text/table.js';
import { runEstimator } from '../estimate/estimators.js';

/** Mean and order statistics of a column; rows without a value (NaN) are left out. */
interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

const distributionOf = (column: Float64Array | undefined): Distribution | undefined => {
  const values = column?.filter((x) => !Number.isNaN(x));
  if (values === undefined || values.length === 0) return undefined;
  const at = (share: number): number => quantile(values, share) ?? 0;
  return {
    count: values.length,
    mean: fsum(values) / values.length,
    min: min(values) ?? 0,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    max: max(values) ?? 0,
  };
};

/** Time from arrival to first scheduling; absent where the file does not tell both. */
const queueSec = ({ requests, facts }: Trace): Float64Array | undefined => {
  const { arrivalSec, scheduledSec } = requests ?? {};
  if (arrivalSec === undefined || scheduledSec === undefined || facts.queueInPrefill === 'yes') return undefined;
  return scheduledSec.map((t, i) => t - (arrivalSec[i] ?? Number.NaN));
};

/** What the default estimator can tell from the trace, or why it cannot. */
type Outlook =
  | { readonly possible: true; readonly estimate: StepClockEstimate }
  | { readonly possible: false; readonly why: string };

const outlookOf = (trace: Trace): Outlook => {
  if (trace.steps !== undefined) return { possible: false, why: 'a step log: stepclock steps fits it directly' };
  if (trace.kind === 'windows') return { possible: false, why: 'sums of steps: stepclock estimate fits them directly' };
  if (trace.phases === undefined) {
    return { possible: false, why: 'arrivals and lengths without latencies: stepclock simulate and replay take it' };
  }
  try {
    const estimate = runEstimator('step-clock', trace.phases, trace.facts, {});
    return { possible: true, estimate: estimate as StepClockEstimate };
  } catch (error) {
    if (isFault(error)) return { possible: false, why: error.message };
    throw error;
  }
};

const distributionRow = (name: string, d: Distribution | undefined, text: (x: number) => string): string[][] =>
  d === undefined ? [] : [[name, ...[d.mean, d.min, d.p50, d.p90, d.p99, d.max].map(text)]];

const count = (x: number): string => significant(x, x < 100 ? 3 : 5).replace(/\.0+$/, '');

const idleText = ({ spanSec, idleSec, busyPeriods, longestGapSec }: LoadSummary): string =>
  busyPeriods < 2
    ? 'never idle'
    : `idle ${percent(idleSec / spanSec, 1)} of it in ${busyPeriods - 1} gap${busyPeriods === 2 ? '' : 's'} (longest ${durationText(longestGapSec)})`;

const atOnceText = (what: string, { mean, p90, max }: LoadSummary['decodes']): string =>
  `${what} at once`.padEnd(17).concat(`mean ${count(mean)}, p90 ${p90}, max ${max}`);

const loadText = (load: LoadSummary): string[] => [
  `span             ${durationText(load.spanSec)}, ${idleText(load)}`,
  atOnceText('prefills', load.prefills),
  atOnceText('decodes', load.decodes),
];

const settingsText = (settings: object): string => {
  const known = Object.entries(settings).map(([k, v]) => `${k.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)} ${v}`);
  return known.length === 0 ? 'unknown (no meta.json)' : known.join(', ');
};

const budgetText = ({ maxNumBatchedTokens, chunkSize }: EngineSettings): string => {
  const chunk = chunkSize === undefined ? [] : [`${grouped(chunkSize)} of one prompt`];
  const budget = maxNumBatchedTokens === undefined ? [] : [`${grouped(maxNumBatchedTokens)} tokens a step`];
  return [...budget, ...chunk].join(', at most ') || 'unknown';
};

/** A wait of less than this is the scheduler's own time, not a queue. */
const NO_WAIT_SEC = 1e-3;

const queueText = ({ facts }: Trace, waits: Float64Array | undefined): string => {
  if (facts.queueInPrefill === 'yes') return 'folded into the prefill phases: how long requests waited is not known';
  if (facts.queueInPrefill === 'unknown') return 'unknown';
  const d = distributionOf(waits);
  if (d === undefined) return 'apart from the prefill phases';
  const waiting = waits?.filter((sec) => sec > NO_WAIT_SEC).length ?? 0;
  return `apart from the prefill phases; ${grouped(waiting)} of ${grouped(d.count)} requests waited, ${durationText(d.mean)} on average, ${durationText(d.max)} at most`;
};

/** What a step log may say of a step, in words. */
const STEP_FACTS: Readonly<Partial<Record<keyof StepTable, string>>> = {
  startSec: 'start',
  durationSec: 'duration',
  prefillTokens: 'prefill tokens',
  decodeTokens: 'decode tokens',
  contextTokens: 'tokens of context',
  prefillRequests: 'requests in prefill',
  prefillContext: 'positions of prefill tokens',
  stampSec: 'time of its line',
  steps: 'steps of a row',
};

const tellsText = ({ facts, steps, windows }: Trace): string => {
  if (windows !== undefined) return 'sums over the steps of each window';
  if (facts.has !== undefined) return facts.has.join(', ');
  if (steps === undefined) return 'phases';
  const told = Object.entries(STEP_FACTS).filter(([field]) => steps[field as keyof StepTable] !== undefined);
  return `steps: ${told.map(([, words]) => words).join(', ')}`;
};

/** What is known of preemption: from the file, or from decodes that took part in fewer steps than the engine ran. */
const preemptionText = ({ requests, phases }: Trace, outlook: Outlook): string | undefined => {
  const told = requests?.preemptions?.filter((times) => times > 0);
  if (told !== undefined) {
    return `${grouped(told.length)} of ${grouped(requests?.length ?? 0)} requests, ${grouped(fsum(told))} times (the file tells)`;
  }
  if (!outlook.possible || phases === undefined) return undefined;
  const { clock, warnings } = outlook.estimate;
  if (!warnings.some(({ code }) => code === 'preemption')) return 'none to be seen';
  return `${grouped(clock.stretchedDecodes)} decodes count fewer steps than the engine ran meanwhile: their requests were preempted and computed again`;
};

const outlookText = (outlook: Outlook): string[] => {
  if (!outlook.possible) return [`estimate         not from this file: ${outlook.why}`];
  const { estimate } = outlook;
  const { identifiability: id } = estimate;
  const range = ([low, high]: readonly [number, number]): string => `${count(low)} to ${count(high)}`;
  const condition =
    id.conditionNumber === null ? 'rank-deficient' : `condition number ${significant(id.conditionNumber, 3)}`;
  return [
    `estimate         step-clock, ${estimate.model} model, ${condition}`,
    `seen per step    ${[
      `${range(id.compositions.prefillTokens)} prefill tokens`,
      `${range(id.compositions.decodeSeqs)} decodes`,
      // The linear model does not look at the context.
      ...(estimate.model === 'kv' ? [`${range(id.compositions.contextTokens)} tokens of context`] : []),
    ].join(', ')}`,
  ];
};

const textOf = (trace: Trace, name: string, load: LoadSummary | undefined, outlook: Outlook): string => {
  const { facts, requests, phases, steps, windows } = trace;
  const rows = [['', 'mean', 'min', 'p50', 'p90', 'p99', 'max']];
  rows.push(
    ...distributionRow('prompt tokens', distributionOf(requests?.promptTokens), count),
    ...distributionRow('cached tokens', distributionOf(requests?.cachedTokens), count),
    ...distributionRow('output tokens', distributionOf(requests?.outputTokens), count),
    ...distributionRow('time in queue', distributionOf(queueSec(trace)), durationText),
  );
  const counts = [
    requests && `${grouped(requests.length)} requests`,
    phases && `${grouped(phases.length)} phases`,
    steps && `${grouped(steps.length)} steps`,
    windows && `${grouped(windows.length)} windows of steps`,
  ].filter((t) => t !== undefined);
  const arrivals = requests?.arrivalSec;
  const span =
    arrivals === undefined
      ? 0
      : arrivals.reduce((a, b) => Math.max(a, b), -Infinity) - arrivals.reduce((a, b) => Math.min(a, b), Infinity);
  const preemption = preemptionText(trace, outlook);
  const instances = instanceNames(requests?.instanceIds ?? phases?.instanceIds);
  return [
    `${name}: ${counts.join(', ')}`,
    '',
    `format           ${facts.format}, times in ${facts.timeUnit}; ${facts.clock}`,
    `tells            ${tellsText(trace)}`,
    // Steps say nothing of how long requests waited.
    ...(steps === undefined && windows === undefined ? [`queue            ${queueText(trace, queueSec(trace))}`] : []),
    ...(preemption === undefined ? [] : [`preemption       ${preemption}`]),
    ...(facts.cutRequests === undefined
      ? []
      : [`cut off          ${grouped(facts.cutRequests)} requests, which count as far as they got`]),
    `token budget     ${budgetText(facts.settings)}`,
    `engine           ${settingsText(facts.settings)}`,
    ...(instances === undefined
      ? []
      : [`apart            ${instances}, each on a clock of its own; the figures below are of all together`]),
    ...(arrivals !== undefined && span > 0
      ? [`arrivals         ${significant((arrivals.length - 1) / span, 4)} per second`]
      : []),
    ...(load === undefined ? [] : loadText(load)),
    ...outlookText(outlook),
    ...(rows.length > 1 ? ['', tableText(rows)] : []),
    '',
    ...(trace.exclusions.length === 0
      ? ['left out         nothing']
      : trace.exclusions.map((e) => `left out         ${e.count}: ${e.message} (lines ${e.lines.join(', ')})`)),
  ].join('\n');
};

const warningsOf = (outlook: Outlook): readonly EstimateWarning[] =>
  outlook.possible ? outlook.estimate.warnings : [];

export const verb = defineVerb({
  positionals: { trace: required(text('the file; - is standard input', 'trace')) },
  options: { ...traceOptions, ...jsonOption },
  examples: [['$0 inspect requests.jsonl', '']],
  run: async (args, session) => {
    const { trace, name, sha256 } = await readTraceFile(args.trace, args, session);
    const load = trace.phases === undefined ? undefined : loadSummary(trace.phases);
    const outlook = outlookOf(trace);
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/inspection@1',
      file: name,
      sha256,
      facts: snakeCaseKeys(trace.facts),
      requests: trace.requests?.length ?? null,
      phases: trace.phases?.length ?? null,
      steps: trace.steps?.length ?? null,
      load: snakeCaseKeys(load ?? null),
      prompt_tokens: distributionOf(trace.requests?.promptTokens) ?? null,
      output_tokens: distributionOf(trace.requests?.outputTokens) ?? null,
      queue_seconds: distributionOf(queueSec(trace)) ?? null,
      excluded: trace.exclusions,
      outlook: outlook.possible
        ? {
            possible: true,
            model: outlook.estimate.model,
            identifiability: snakeCaseKeys(outlook.estimate.identifiability),
          }
        : outlook,
      warnings: warningsOf(outlook),
    });
    if (!taken) {
      const warnings = warningsOf(outlook).map(
        ({ code, message }) => `${session.paint.yellow('note')}             ${message} [${code}]`,
      );
      session.print([textOf(trace, name, load, outlook), ...warnings].join('\n'));
    }
    return ExitCode.ok;
  },
});
