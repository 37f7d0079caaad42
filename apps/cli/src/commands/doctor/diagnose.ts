import { type Fault, isFault } from '@stepclock/faults';
import { EnginesFitter, fitWindowLines } from '@stepclock/step-model';
import { formats, lacksOf, likelyTimeUnit, mapFor, refusedAs, type Trace } from '@stepclock/trace-io';
import { allBytes, openInput } from '../../files/input.js';
import { readTraceFile, type TraceInput } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import type { TraceArgs } from '../../options/trace-options.js';
import { about } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { shellWord } from '../../session/shell-word.js';
import { leftOutText } from '../../text/left-out.js';
import { grouped } from '../../text/quantity.js';
import { NO_BUDGET } from '../../text/token-clock-text.js';
import { phaseAnswer } from '../estimate/phase-answer.js';
import { tokenAnswer, tokenModelOf } from '../estimate/token-answer.js';
import { tokenEstimate } from '../estimate/token-evidence.js';
import { type Answer, type Diagnosis, nothing } from './diagnosis.js';
import { ownFile, settingsFile, tableOfAModel } from './other-files.js';
import { type TriedReplay, triedReplay } from './tried-replay.js';
import { unlessFault } from './unless-fault.js';

/** What is asked of a file here is nobody's warning yet. */
const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };

/** Options of the command line that a command for this file needs as well. */
const optionsText = ({ format, meta, map, mapFile, maxBad, timeUnit }: TraceArgs): string =>
  Object.entries({ format, meta, map, 'map-file': mapFile, 'max-bad': maxBad, 'time-unit': timeUnit })
    .flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${shellWord(String(value))}`]))
    .join('');

/** Coefficients from a trace, as far as what follows asks: that they are there, and what is said of them. */
interface Estimated {
  readonly steps: 'log' | 'rebuilt' | 'clock';
  readonly engines: number;
  /** The budget that the steps of the log show, tokens a step. */
  readonly budget?: number;
  /** The log served again with them; undefined where it cannot be. */
  readonly replayed?: TriedReplay | undefined;
  readonly sentence: string | undefined;
  readonly warnings: Diagnosis['warnings'];
}

const estimated = (input: TraceInput, session: Session): Estimated | undefined => {
  const { trace, name } = input;
  if (trace.kind === 'workload') return undefined;
  if (trace.kind === 'steps') {
    const fitter = new EnginesFitter({});
    const fits = about(name, () => {
      fitter.add(trace.steps);
      return fitter.fits();
    });
    const warnings = fits.flatMap((fit) => fit.warnings);
    return { steps: 'log', engines: fits.length, sentence: undefined, warnings };
  }
  if (trace.kind === 'windows') {
    const fits = fitWindowLines(trace.windows, {}, name);
    return { steps: 'log', engines: fits.length, sentence: undefined, warnings: fits.flatMap((fit) => fit.warnings) };
  }
  const fromTokens = tokenEstimate([input], {}, { ...session, log: silent });
  if (fromTokens !== undefined) {
    const { policy } = fromTokens.clock;
    const budget = policy.kind === 'budget' && policy.tokens < NO_BUDGET ? policy.tokens : undefined;
    const { estimate, further } = tokenAnswer(fromTokens, input, {}, undefined, session);
    const replayed = triedReplay(input, tokenModelOf(estimate, input, further, session.version), budget);
    return {
      steps: 'rebuilt',
      engines: 1,
      ...given({ budget, replayed }),
      sentence: undefined,
      warnings: estimate.warnings,
    };
  }
  if (trace.kind === 'tokens') return undefined;
  const { estimate, modelOf } = phaseAnswer([input], 'step-clock', {}, undefined, session);
  const sentence = estimate.algo === 'step-clock' ? estimate.verdict?.sentence : undefined;
  const replayed = triedReplay(input, modelOf(session.version), undefined);
  return { steps: 'clock', engines: 1, ...given({ replayed }), sentence, warnings: estimate.warnings };
};

const costText = (hasContext: boolean): string =>
  `the cost of a step: seconds per step, prefill token, decode token${hasContext ? ', token of context' : ''}`;
const SLO = '--slo "ttft:p95:500ms tpot:mean:50ms"';

/** Questions that need no more than the lengths and arrivals of requests, and a model. */
const ofRequests = (file: string, limits: string, misses: boolean): readonly Answer[] => [
  {
    question: `the highest rate that keeps an SLO, and how many replicas a load needs${misses ? '; not before the replay comes near' : ''}`,
    commands: [`stepclock capacity --betas betas.json --workload ${file} ${SLO} --rate 100${limits}`],
  },
];

const answersOf = ({ trace }: TraceInput, found: Estimated | undefined, file: string): readonly Answer[] => {
  if (trace.kind === 'workload') {
    return [
      {
        question: 'how a simulated engine serves these requests',
        commands: [`stepclock simulate --workload ${file} --scenario kv --output served.jsonl`],
      },
    ];
  }
  if (found === undefined) return [];
  if (found.steps === 'log') {
    const pool = found.engines > 1 && trace.kind === 'steps' ? ' --pool' : '';
    return [
      {
        question: `${costText(trace.steps?.contextTokens !== undefined)}, from ${found.engines > 1 ? `${found.engines} engines` : 'the engine'} itself`,
        commands: [`stepclock steps ${file}${pool} --json betas.json`],
      },
      { question: 'the duration of a step', commands: ['stepclock predict --betas betas.json --decode-seqs 8'] },
    ];
  }
  // Without a budget a replay serves whole prompts in one step.
  const { maxNumBatchedTokens, chunkSize } = trace.facts.settings;
  const isLimited = maxNumBatchedTokens !== undefined || chunkSize !== undefined;
  const limits = isLimited || found.budget === undefined ? '' : ` --max-num-batched-tokens ${found.budget}`;
  return [
    {
      question: [costText(true), ...(found.sentence === undefined ? [] : [found.sentence])].join('; '),
      commands: [`stepclock estimate ${file} --json betas.json`],
    },
    ...(found.steps === 'rebuilt'
      ? [
          {
            question: "the engine's steps one by one, as a table and as a timeline",
            commands: [
              `stepclock steps ${file} --output steps.csv`,
              `stepclock steps ${file} --to chrome-trace --output timeline.json`,
            ],
          },
        ]
      : []),
    ...(found.replayed === undefined
      ? []
      : [
          {
            question: `how well the model serves the same requests again: ${found.replayed.sentence}`,
            commands: [`stepclock replay --betas betas.json --requests ${file}${limits}`],
          },
        ]),
    ...(trace.requests === undefined ? [] : ofRequests(file, limits, (found.replayed?.warnings.length ?? 0) > 0)),
  ];
};

const evidenceOf = (trace: Trace, found: Estimated | undefined): Diagnosis['evidence'] => {
  if (trace.kind === 'workload') return 'lengths';
  if (trace.kind === 'steps' || trace.kind === 'windows') return 'steps';
  return trace.kind === 'tokens' || found?.steps === 'rebuilt' ? 'token times' : 'phase times';
};

const holdsText = ({ requests, tokens, steps, windows, phases }: Trace): string =>
  [
    requests && `${grouped(requests.length)} requests`,
    requests === undefined && tokens !== undefined && `${grouped(tokens.requestCount)} requests`,
    tokens && `${grouped(tokens.chunkSec.length)} chunks with their times`,
    phases && tokens === undefined && `${grouped(phases.length)} phases`,
    steps && `${grouped(steps.length)} steps`,
    windows && `${grouped(windows.length)} windows of steps`,
  ]
    .filter((text) => typeof text === 'string')
    .join(', ');

const ofTrace = (input: TraceInput, args: TraceArgs, session: Session): Diagnosis => {
  const { trace, name } = input;
  const { format } = trace.facts;
  const described =
    args.map === undefined && args.mapFile === undefined
      ? (formats.find((one) => one.name === format)?.description ?? format)
      : `${trace.kind === 'steps' ? 'steps' : 'requests'} under names of their own`;
  const { requests, tokens, steps, phases } = trace;
  const taken = requests?.length ?? tokens?.requestCount ?? steps?.length ?? phases?.length ?? 0;
  const leftOut = leftOutText(trace.exclusions, input.requests ?? taken);
  const is = [`${described}: ${holdsText(trace)}`, ...leftOut].join('; ');
  const about = { file: name, is, lacks: lacksOf(trace, name) };
  const file = `${shellWord(name)}${optionsText(args)}`;
  try {
    const found = estimated(input, session);
    return {
      ...nothing,
      ...about,
      evidence: evidenceOf(trace, found),
      answers: answersOf(input, found, file),
      warnings: [...(found?.warnings ?? []), ...(found?.replayed?.warnings ?? [])],
    };
  } catch (error) {
    if (!isFault(error)) throw error;
    return { ...nothing, ...about, instead: error.message };
  }
};

const HEAD_BYTES = 1 << 16;
const GUESSED = {
  code: 'guessed-columns',
  message:
    'what the columns mean is guessed from their names, and the unit of their times from what a token takes: look before you trust the figures',
};

const mapText = (pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs)
    .map(([key, name]) => `${key}=${name}`)
    .join(',');

/** Nobody waits a day. */
const LONGEST_WAIT_SEC = 86_400;

const arrivesBeforeStart = ({ requests }: Trace): boolean => {
  const { arrivalSec, scheduledSec } = requests ?? {};
  if (arrivalSec === undefined || scheduledSec === undefined) return true;
  return arrivalSec.every((sec, i) => !(scheduledSec[i] - sec > LONGEST_WAIT_SEC));
};

/** A table of requests or of steps under names of its own, as far as its names tell which is which; tried before it is proposed. */
const mappedTrace = async (
  path: string,
  bytes: Uint8Array,
  args: TraceArgs,
  session: Session,
): Promise<Diagnosis | undefined> => {
  if (args.map !== undefined || args.mapFile !== undefined) return undefined;
  const pairs = mapFor(bytes.subarray(0, HEAD_BYTES));
  if (pairs === undefined) return undefined;
  const read = (more: TraceArgs): Promise<TraceInput | undefined> =>
    unlessFault(() => readTraceFile(path, { ...args, ...more }, session));
  let map = mapText(pairs);
  let input = await read({ map });
  if (input === undefined || !arrivesBeforeStart(input.trace)) {
    // A column such as `queued` may be a moment, or how long it took.
    const { arrival: _, ...rest } = pairs;
    map = mapText(rest);
    input = await read({ map });
  }
  if (input === undefined) return undefined;
  const { trace } = input;
  const timeUnit = trace.kind === 'phases' && args.timeUnit === undefined ? likelyTimeUnit(trace) : undefined;
  const inUnit = timeUnit === undefined || timeUnit === 's' ? {} : { timeUnit };
  if (inUnit.timeUnit !== undefined) input = await read({ map, ...inUnit });
  if (input === undefined) return undefined;
  const found = ofTrace(input, { ...args, map, ...inUnit }, session);
  return { ...found, warnings: [GUESSED, ...found.warnings] };
};

const ofRefusal = async (path: string, fault: Fault, args: TraceArgs, session: Session): Promise<Diagnosis> => {
  const is = refusedAs(fault);
  const instead = fault.hint ?? fault.message;
  if (is === 'a file that stepclock wrote') return ownFile(path, session);
  if (is === 'settings of an engine') return settingsFile(path, is, instead, session);
  if (is !== undefined) return { ...nothing, file: path, is, instead };
  if (fault.code === 'trace-io/not-detailed')
    return { ...nothing, file: path, is: `a ${fault.what} without its requests one by one`, instead };
  if (fault.code === 'trace-io/unknown-format') {
    const bytes = await allBytes(await openInput(path, session));
    const known = (await mappedTrace(path, bytes, args, session)) ?? (await tableOfAModel(path, bytes));
    return known ?? { ...nothing, file: path, is: 'a file of no known format', instead };
  }
  return { ...nothing, file: path, is: 'a log that cannot be read as it stands', instead: fault.message };
};

/**
 * What a file is, what it answers, and by which commands. It is read and fitted: what is proposed has been tried.
 *
 * @throws what opening a file throws
 */
export const diagnose = async (path: string, args: TraceArgs, session: Session): Promise<Diagnosis> => {
  const quiet = { ...session, log: silent };
  try {
    return ofTrace(await readTraceFile(path, args, quiet), args, quiet);
  } catch (error) {
    if (!isFault(error) || error.code.startsWith('cli/')) throw error;
    return await ofRefusal(path, error, args, quiet);
  }
};
