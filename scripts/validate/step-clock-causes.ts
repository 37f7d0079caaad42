/**
 * What the step clock names on simulated engines: causes on logs that have none, and each cause on logs that have it; how often intervals hold.
 * Two processes share the logs.
 *
 * npm run ts -- scripts/validate/step-clock-causes.ts [--seeds 40 | --quick] [--requests 400] [--clean-only] [--no-budget]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock, type StepClockEstimate } from '@stepclock/beta-estimators';
import {
  type Coefficients,
  drawWorkload,
  runScenario,
  type ServedRequests,
  type StepSeconds,
  scenarioNames,
  scenarios,
  simulate,
} from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { DECODE, type PhaseTable, phasesOfRequests } from '@stepclock/trace-io';
import { linesOfOwnProcess } from './measurements/own-process.js';
import { KeptFigures } from './targets/kept-figures.js';

// The data folder that every validation is given is not looked at: these engines are simulated.
const { values } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    requests: { type: 'string', default: '400' },
    'clean-only': { type: 'boolean', default: false },
    'no-budget': { type: 'boolean', default: false },
    share: { type: 'string' },
  },
});
const PROCESSES = 2;
/** Asked, per cent: false causes, logs with a wrong beta1 whose cause is not named, intervals that miss. Fewer runs than these tell no share. */
const ASKED = { false: 1, silent: 10, outside: 10 } as const;
const ENOUGH_RUNS = 10;
/** Per cent that miss what is asked where the budget is withheld. */
const KNOWN_WITHOUT_BUDGET = {
  'neither named nor right: a cache of 14,000 tokens': 20,
  'neither named nor right: a template of 300 tokens, seen by a client, 10 requests/s': 20,
};
const runs = Number(values.seeds ?? (values.quick ? 2 : 40));
const share = values.share === undefined ? null : Number(values.share);
/** In a process of its own: every so manieth seed. */
const seeds = Array.from({ length: runs }, (_, i) => i + 1).filter((seed) => seed % PROCESSES === share);
const requests = Number(values.requests);
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const percent = (part: number, of: number): string => `${((100 * part) / Math.max(of, 1)).toFixed(1)} %`;

/** Codes that say what is wrong with a log. */
const CAUSES = [
  'counts-off-by-one',
  'several-engines',
  'missing-requests',
  'clock-inconsistent',
  'preemption',
  'late-tokens',
  'over-budget',
  'odd-rows',
  'standstill',
  'prompt-offset',
  'prompts-in-two-clouds',
  'prompt-scatter',
  'coarse-times',
  'no-clock',
  'clocks-disagree',
];
const causesOf = ({ warnings }: StepClockEstimate): readonly string[] =>
  warnings.map(({ code }) => code).filter((code) => CAUSES.includes(code));

const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
/** What the estimator is told of the engine's budget. */
const told = (maxNumBatchedTokens: number | undefined) =>
  maxNumBatchedTokens === undefined || values['no-budget'] ? {} : { maxNumBatchedTokens };

/** What a set of clean logs shows: logs with a cause named, and which; of each coefficient the intervals that hold. */
interface CleanSeen {
  readonly named: number;
  readonly which: Counts;
  readonly held: readonly (readonly [is: number, of: number])[];
}
type Counts = Readonly<Record<string, number>>;

const counted = (codes: readonly string[], before: Counts = {}): Counts => {
  const counts = { ...before };
  for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
};
const bothOf = (a: Counts, b: Counts): Counts => {
  const codes = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(codes.map((code) => [code, (a[code] ?? 0) + (b[code] ?? 0)]));
};
const shown = (counts: Counts): string =>
  Object.entries(counts)
    .map(([code, count]) => `${code} x${count}`)
    .join(', ');

const cleanNames = scenarioNames.filter((name) => name !== 'preempting');
const cleanSeen = (name: (typeof scenarioNames)[number]): CleanSeen => {
  let which: Counts = {};
  const held = LABELS.map((): [is: number, of: number] => [0, 0]);
  let named = 0;
  for (const seed of seeds) {
    const { phases, coefficients } = runScenario(name, { seed, requests });
    const queueInPrefill = scenarios[name].view.queueInPrefill === true ? 'yes' : 'no';
    const estimate = estimateStepClock(phases, { ...told(scenarios[name].engine.maxNumBatchedTokens), queueInPrefill });
    const causes = causesOf(estimate);
    if (causes.length > 0) named++;
    which = counted(causes, which);
    for (const [t, label] of LABELS.entries()) {
      const interval = estimate.intervals?.byLabel[label];
      const truth = coefficients[label] ?? 0;
      if (!interval || truth === 0) continue;
      held[t][1]++;
      if (interval[0] <= truth && truth <= interval[1]) held[t][0]++;
    }
  }
  return { named, which, held };
};
const bothClean = (a: CleanSeen, b: CleanSeen): CleanSeen => ({
  named: a.named + b.named,
  which: bothOf(a.which, b.which),
  held: a.held.map(([is, of], t) => [is + b.held[t][0], of + b.held[t][1]]),
});

const TRUTH: Coefficients = { beta0: 9.5e-3, beta1: 42e-6, beta2: 75e-6, beta3: 110e-9 };
const ENGINE = { maxNumBatchedTokens: 2048, maxNumSeqs: 256, stepNoise: 0.02 };
interface Load {
  readonly outputMean?: number;
  readonly more?: number;
  readonly cached?: (prompt: number, request: number) => number;
  readonly kvTokens?: number;
  readonly instances?: number;
  readonly perSec?: number;
  readonly leastPrompt?: number;
  /** What a step with prefill costs beside its tokens. */
  readonly prefillStepSec?: number;
}

const stepSeconds =
  (prefillStepSec: number): StepSeconds =>
  ({ prefillTokens, decodeSeqs, contextTokens }) =>
    TRUTH.beta0 +
    TRUTH.beta1 * prefillTokens +
    TRUTH.beta2 * decodeSeqs +
    (TRUTH.beta3 ?? 0) * contextTokens +
    (prefillTokens > 0 ? prefillStepSec : 0);

/** The log of an engine that may compute other prompts than the log counts. */
const served = (
  seed: number,
  {
    outputMean = 150,
    more = 0,
    cached = () => 0,
    kvTokens,
    instances = 1,
    perSec = 6,
    leastPrompt = 530,
    prefillStepSec = 0,
  }: Load = {},
): ServedRequests => {
  const workload = drawWorkload({
    requests,
    arrivals: { kind: 'poisson', perSec: perSec * instances },
    prompt: { kind: 'lognormal', mean: 900, sigma: 0.6, atLeast: leastPrompt, atMost: 4000 },
    output: { kind: 'lognormal', mean: outputMean, sigma: 0.7, atMost: 2000 },
    instances,
    seed,
  });
  const { requests: log } = simulate(
    {
      ...workload,
      promptTokens: workload.promptTokens.map((prompt) => prompt + more),
      cachedTokens: workload.promptTokens.map(cached),
    },
    { ...ENGINE, stepSeconds: stepSeconds(prefillStepSec), ...(kvTokens !== undefined && { kvTokens }) },
    { seed },
  );
  const { cachedTokens: _, instance: __, instanceIds: ___, ...told } = log;
  return { ...told, promptTokens: workload.promptTokens };
};

const changed = (
  table: PhaseTable,
  columns: Partial<Pick<PhaseTable, 'startSec' | 'endSec' | 'decodeTokens'>>,
): PhaseTable => ({ ...table, prefillTokens: table.prefillTokens, decodeTokens: table.decodeTokens, ...columns });
const miscounted = (table: PhaseTable, by: number): PhaseTable =>
  changed(table, { decodeTokens: table.decodeTokens.map((n, i) => (table.kind[i] === DECODE ? n + by : 0)) });
const withLateRow = (log: ServedRequests, bySec: number): PhaseTable => {
  const which = Math.floor(log.length / 3);
  return phasesOfRequests({
    ...log,
    lastTokenSec: log.lastTokenSec.map((sec, i) => (i === which ? sec + bySec : sec)),
  });
};
const setForward = (table: PhaseTable, bySec: number): PhaseTable => {
  const atSec = table.endSec[Math.floor(table.length / 2)];
  const later = (sec: number): number => (sec > atSec ? sec + bySec : sec);
  return changed(table, { startSec: table.startSec.map(later), endSec: table.endSec.map(later) });
};
const without = (log: ServedRequests, isOut: (request: number) => boolean): PhaseTable => {
  const table = phasesOfRequests(log);
  const rows = Array.from({ length: table.length }, (_, i) => i).filter((i) => !isOut(table.request[i]));
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  return {
    length: rows.length,
    kind: Uint8Array.from(rows, (i) => table.kind[i]),
    startSec: pick(table.startSec),
    endSec: pick(table.endSec),
    prefillTokens: pick(table.prefillTokens),
    decodeTokens: pick(table.decodeTokens),
    request: Uint32Array.from(rows, (i) => table.request[i]),
    requestIds: table.requestIds,
  };
};
const coarse = (table: PhaseTable, toSec: number): PhaseTable => {
  const startSec = table.startSec.map((sec) => Math.round(sec / toSec) * toSec);
  return changed(table, {
    startSec,
    endSec: table.endSec.map((sec, i) => Math.max(Math.round(sec / toSec) * toSec, startSec[i] + toSec)),
  });
};

/** So many tenths of the requests, in no order. */
const isOut =
  (tenths: number) =>
  (request: number): boolean =>
    (request * 7919 + 7) % 10 < tenths;
/** The same as a client logs it: requests wait inside the prefill, every token is a little late, and the last ones of some requests far. */
const ofClient = (log: ServedRequests, seed: number, stalled = 0): PhaseTable => {
  const random = seededRandom(seed, 'client');
  const late = (): number => -0.0005 * Math.log(1 - random());
  const firstTokenSec = log.firstTokenSec.map((sec) => sec + late());
  return phasesOfRequests({
    ...log,
    scheduledSec: log.arrivalSec.map((sec) => sec - 0.005),
    firstTokenSec,
    lastTokenSec: log.lastTokenSec.map((sec, i) =>
      Math.max(sec + late() + (random() < stalled ? 0.3 * random() : 0), firstTokenSec[i]),
    ),
  });
};
/** What is no fault of the log: nothing may be named. */
const NONE = 'none';
type Case = readonly [cause: string, code: string, make: (seed: number) => PhaseTable, isClient?: true];
const CASES: readonly Case[] = [
  [
    'decodes count one step too many',
    'counts-off-by-one',
    (s) => miscounted(phasesOfRequests(served(s, { outputMean: 20 })), 1),
  ],
  ...[1, 2, 3].map(
    (tenths): Case => [
      `${10 * tenths} % of the requests are missing`,
      'missing-requests',
      (s) => without(served(s), isOut(tenths)),
    ],
  ),
  ['two engines in one log', 'several-engines', (s) => phasesOfRequests(served(s, { instances: 2 }))],
  ['a cache of 14,000 tokens', 'preemption', (s) => phasesOfRequests(served(s, { kvTokens: 14_000 }))],
  ['one row an hour late', 'odd-rows', (s) => withLateRow(served(s), 3600)],
  ['one row ten seconds late', 'odd-rows', (s) => withLateRow(served(s), 10)],
  ['the clock is set forward by 10 s', 'standstill', (s) => setForward(phasesOfRequests(served(s)), 10)],
  ['512 tokens of every prompt cached', 'prompt-offset', (s) => phasesOfRequests(served(s, { cached: () => 512 }))],
  ['a template of 300 tokens', 'prompt-offset', (s) => phasesOfRequests(served(s, { more: 300 }))],
  ['a template of 35 tokens', 'prompt-offset', (s) => phasesOfRequests(served(s, { more: 35 }))],
  ...[2, 6, 10].map(
    (perSec): Case => [
      `a template of 300 tokens, seen by a client, ${perSec} requests/s`,
      'prompt-offset',
      (s) => ofClient(served(s, { more: 300, perSec }), s),
      true,
    ],
  ),
  ['5 % of the last tokens late at a client', 'late-tokens', (s) => ofClient(served(s), s, 0.05), true],
  [
    'half of the prompts half cached',
    'prompts-in-two-clouds',
    (s) => phasesOfRequests(served(s, { cached: (prompt, r) => (r % 2 === 0 ? 0 : Math.floor(prompt / 2)) })),
  ],
  ...[2, 6, 12].map(
    (perSec): Case => [
      `steps with prefill that cost 10 ms more, ${perSec} requests/s`,
      NONE,
      (s) => phasesOfRequests(served(s, { perSec, leastPrompt: 1, prefillStepSec: 0.01 })),
    ],
  ),
  ['times to a tenth of a second', 'coarse-times', (s) => coarse(phasesOfRequests(served(s)), 0.1)],
];

/** What logs with a cause show: those that name it, those with beta1 within 5 %, and what else is named. */
interface FaultySeen {
  readonly found: number;
  readonly near: number;
  /** Neither named nor with a right beta1. */
  readonly silent: number;
  readonly others: Counts;
}

const faultySeen = ([, code, make, isClient]: (typeof CASES)[number]): FaultySeen => {
  let found = 0;
  let near = 0;
  let silent = 0;
  let others: Counts = {};
  for (const seed of seeds) {
    const queueInPrefill = isClient ? 'yes' : 'no';
    const estimate = estimateStepClock(make(seed), { ...told(ENGINE.maxNumBatchedTokens), queueInPrefill });
    const isNear = Math.abs(estimate.betas.beta1 / TRUTH.beta1 - 1) < 0.05;
    const causes = causesOf(estimate);
    const isFound = code === NONE ? causes.length === 0 : causes.includes(code);
    if (isNear) near++;
    if (isFound) found++;
    if (!isNear && !isFound) silent++;
    others = counted(
      causes.filter((other) => other !== code),
      others,
    );
  }
  return { found, near, silent, others };
};
const bothFaulty = (a: FaultySeen, b: FaultySeen): FaultySeen => ({
  found: a.found + b.found,
  near: a.near + b.near,
  silent: a.silent + b.silent,
  others: bothOf(a.others, b.others),
});

const cases = values['clean-only'] ? [] : CASES;
if (share !== null) {
  for (const name of cleanNames) print(JSON.stringify(cleanSeen(name)));
  for (const one of cases) print(JSON.stringify(faultySeen(one)));
} else {
  const shares = await Promise.all(
    Array.from({ length: PROCESSES }, (_, i) => linesOfOwnProcess('--share', String(i))),
  );
  const cleanAt = (i: number): CleanSeen =>
    shares.map((lines): CleanSeen => JSON.parse(lines[i])).reduce((a, b) => bothClean(a, b));
  const faultyAt = (i: number): FaultySeen =>
    shares.map((lines): FaultySeen => JSON.parse(lines[cleanNames.length + i])).reduce((a, b) => bothFaulty(a, b));

  print(`Logs of ${requests} requests, ${runs} seeds each.\n`);
  print('| clean set | runs | with a cause | which | 95 % intervals that hold: beta0, beta1, beta2, beta3 |');
  print('|---|---|---|---|---|');
  const all = { named: 0, held: 0, intervals: 0 };
  for (const [i, name] of cleanNames.entries()) {
    const { named, which, held } = cleanAt(i);
    all.named += named;
    for (const [is, of] of held) {
      all.held += is;
      all.intervals += of;
    }
    const ofIntervals = held.map(([is, of]) => (of === 0 ? '-' : percent(is, of))).join(', ');
    print(`| ${name} | ${runs} | ${named} | ${shown(which)} | ${ofIntervals} |`);
  }
  const logs = runs * cleanNames.length;
  const kept = new KeptFigures(values['no-budget'] ? KNOWN_WITHOUT_BUDGET : {});
  kept.check('clean logs with a cause', (100 * all.named) / logs, ASKED.false);
  kept.check('intervals that miss', 100 * (1 - all.held / all.intervals), ASKED.outside);
  print(
    `| all | ${logs} | ${all.named} (${percent(all.named, logs)}) | | ${percent(all.held, all.intervals)} of ${all.intervals} |`,
  );
  if (cases.length > 0) {
    print('\n| what is wrong | code | found | beta1 within 5 % | other causes named |');
    print('|---|---|---|---|---|');
  }
  for (const [i, [cause, code]] of cases.entries()) {
    const { found, near, silent, others } = faultyAt(i);
    print(`| ${cause} | ${code} | ${found} of ${runs} | ${near} of ${runs} | ${shown(others)} |`);
    if (runs >= ENOUGH_RUNS) kept.check(`neither named nor right: ${cause}`, (100 * silent) / runs, ASKED.silent);
  }
  kept.finish(print);
}
