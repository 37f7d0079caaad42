import { ExitCode, shareText } from '@stepclock/faults';
import { compensatedSum } from '@stepclock/numerics';
import {
  betasOfFile,
  type DecidedBy,
  METRIC_NAMES,
  METRIC_WORDS,
  missWarnings,
  promptOffsetText,
  type Replay,
  type ReplayBands,
  replay,
  replayBands,
  replayJson,
  replayReport,
  replayResultOf,
  replaySensitivity,
  replayWarnings,
  sensitivityWarnings,
  servingOfModel,
  snakeCaseFields,
  tellsScheduling,
} from '@stepclock/step-model';
import type { RequestTable } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import { atMost, count, integer, positiveInteger } from '../../options/number-rules.js';
import { flag, jsonOption, number, type Option, required, text } from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { parallelOptions, schedulerOptions } from '../../options/scheduler-options.js';
import { prefixCacheOption, traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { provenanceOf } from '../../reports/provenance.js';
import { wantsReport } from '../../reports/report-targets.js';
import { working } from '../../session/progress.js';
import { durationText, grouped, percent } from '../../text/quantity.js';
import { tableText } from '../../text/table.js';
import { readBetasFile } from './betas-input.js';
import { limitsOf, warnOfNoBudget } from './limits.js';
import { readReplayedLog } from './replayed-log.js';

const FIGURES = ['mean', 'p50', 'p90', 'p95', 'p99'] as const;

const severalUpTo = (limit: number) =>
  atMost(limit, { must: 'a whole number of at least 2', accepts: (x) => Number.isSafeInteger(x) && x >= 2 });

/** A number of clients, or `auto`. */
const concurrency = (describe: string): Option<number | 'auto' | undefined> => {
  const clients = number(describe, atMost(1e6, { must: "'auto', or a whole number of at least 0", accepts: isCount }));
  return { ...clients, parse: (value, name) => (value === 'auto' ? 'auto' : clients.parse(value, name)) };
};

const isCount = (x: number): boolean => Number.isSafeInteger(x) && x >= 0;

/** A larger log is not served twice. */
const SENSITIVITY_UP_TO = 50_000;

const FROM: Readonly<Record<DecidedBy, string>> = {
  given: 'as given',
  model: "as the model's file says",
  log: "told by the log's own times",
  default: 'by default, since nothing tells',
};

/** The rules of the replayed engine, and what of its figures is not the engine's, one line a fact. */
const rulesText = ({
  settings,
  rulesFrom,
  overheadSec,
  promptOffsetTokens,
  clients,
  clientsFrom,
}: Replay): readonly string[] => [
  `scheduling ${settings.asyncScheduling ? 'asynchronous' : 'synchronous'} (${FROM[rulesFrom.asyncScheduling]})`,
  ...(clients === null
    ? []
    : [
        `closed loop of ${clients} clients (${clientsFrom === 'log' ? 'the log: each request starts just after a completion' : 'as given'})`,
      ]),
  ...(settings.dataParallel === undefined || settings.dataParallel === 1
    ? []
    : [`${settings.dataParallel} engines side by side, ${settings.router ?? 'least-requests'}`]),
  ...(settings.arrivalsReadAtSteps
    ? [`arrivals as read between two steps (${FROM[rulesFrom.arrivalsReadAtSteps]})`]
    : []),
  ...(overheadSec === 0
    ? []
    : [`replayed TTFT and latency include ${durationText(overheadSec)} between client and engine`]),
  ...(promptOffsetTokens === 0 ? [] : [`prompts are replayed ${promptOffsetText(promptOffsetTokens)}`]),
];

/** How much a prefix cache of so many blocks spares. */
const cacheText = ({ cachedTokens, promptTokens }: RequestTable, blocks: number | undefined): readonly string[] => {
  if (blocks === undefined || cachedTokens === undefined) return [];
  const share = compensatedSum(cachedTokens) / compensatedSum(promptTokens);
  return [`${shareText(share)} of the prompts' tokens are found in a prefix cache of ${grouped(blocks)} blocks`];
};

/** Replay of a log as a table: a block a metric, a row a figure. */
const replayText = ({ metrics }: ReturnType<typeof replay>, bands: ReplayBands | null): string => {
  const band = bands === null ? [] : [`${+(100 * bands.level).toFixed(2)} % band`];
  const rows = [['', '', 'measured', 'replayed', ...band, 'error']];
  for (const metric of METRIC_NAMES) {
    const figures = metrics[metric];
    for (const [i, figure] of FIGURES.entries()) {
      const { measured, replayed, error } = figures[figure];
      const ends = bands?.metrics[metric][figure];
      const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));
      const name = i === 0 ? METRIC_WORDS[metric] : '';
      const span = bands === null ? [] : [ends == null ? '-' : `${durationText(ends[0])} to ${durationText(ends[1])}`];
      rows.push([name, figure, shown(measured), shown(replayed), ...span, error === null ? '-' : percent(error)]);
    }
  }
  return tableText(rows, [0, 1]);
};

export const verb = defineVerb({
  options: {
    betas: required(text("coefficients, as 'stepclock estimate --json' writes them", 'input')),
    requests: required(text('the log whose arrivals and lengths are served again', 'trace')),
    ...traceOptions,
    ...prefixCacheOption,
    'max-num-batched-tokens': number('the token budget a step [from meta.json]', positiveInteger),
    'max-num-seqs': number('most requests running at once [from meta.json, else 256]', positiveInteger),
    'kv-tokens': number('capacity of the KV cache, tokens [from meta.json, else no limit]', positiveInteger),
    'chunk-size': number('most prefill tokens of one request in a step [no limit]', positiveInteger),
    draws: number(
      'replays with coefficients drawn from their covariance, for bands around the figures; at least 2 [none]',
      severalUpTo(1000),
    ),
    seed: number('seed of the step noise and of the draws [0]', integer),
    ...schedulerOptions,
    ...parallelOptions,
    concurrency: concurrency(
      'clients that wait for their answers, each sending its next request then; auto: where the log shows some; 0: none [auto]',
    ),
    'arrivals-at-steps': flag(
      "arrivals are those that an engine wrote between two steps [what the log's own times tell]",
    ),
    'client-overhead': number(
      "seconds between a client and the engine [the model's, none for an engine's own log]",
      count,
    ),
    'prompt-offset': number(
      "tokens that the engine computes of every prompt beyond those counted [the model's]",
      integer,
    ),
    ...jsonOption,
    ...reportOptions,
  },
  examples: [
    ['$0 replay --betas betas.json --requests requests.jsonl', 'the settings come from meta.json beside the log'],
    ['$0 replay --betas betas.json --requests log.jsonl --max-num-batched-tokens 2048 --kv-tokens 41408 --json', ''],
    [
      '$0 replay --betas betas.json --requests mooncake_trace.jsonl --prefix-cache-blocks 4000',
      'a published load, with prompts found in a cache',
    ],
  ],
  run: async (args, session) => {
    const { betas: betasPath, requests: requestsPath } = args;
    const file = await readBetasFile(betasPath, session);
    const { requests, settings, name, sha256 } = await readReplayedLog(requestsPath, file, args, session);
    const limits = limitsOf({ ...args, policy: args.policy ?? file.policy }, settings);
    warnOfNoBudget(limits, session.log);
    const options = {
      ...servingOfModel(file, tellsScheduling(requests)),
      ...given({
        seed: args.seed,
        engine: settings.engine,
        promptOffsetTokens: args.promptOffset,
        concurrency: args.concurrency,
      }),
      ...(args.clientOverhead !== undefined && {
        overhead: { seconds: args.clientOverhead, secondsPerPromptToken: 0 },
      }),
    };
    const result = working(session.io.stderr, 'serving the log again', () =>
      replay(requests, betasOfFile(file), limits, options),
    );
    const { draws = 0 } = args;
    const bands = draws === 0 ? null : replayBands(requests, file, result, draws, options);
    const noBands = { code: 'no-bands', message: 'the model has no covariance: its replay has no bands' };
    const isQuick = requests.length <= SENSITIVITY_UP_TO;
    const sensitivity = isQuick ? replaySensitivity(requests, betasOfFile(file), result, options) : null;
    const warnings = [
      ...replayWarnings(file, result),
      ...missWarnings(result),
      ...sensitivityWarnings(sensitivity),
      ...(draws > 0 && bands === null ? [noBands] : []),
    ];
    for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
    const taken = await session.writeJson(args.json, {
      ...replayJson(result),
      sensitivity: sensitivity && snakeCaseFields(sensitivity),
      ...(bands && { bands: snakeCaseFields(bands) }),
      warnings,
      stepclock_version: session.version,
    });
    if (!taken) {
      session.print(
        [
          `${name}: ${grouped(result.requests)} requests replayed in ${grouped(result.steps)} steps, ${grouped(result.preemptions)} preemptions`,
          ...rulesText(result),
          ...cacheText(requests, args.prefixCacheBlocks),
          '',
          replayText(result, bands),
        ].join('\n'),
      );
    }
    if (wantsReport(args)) {
      const { formatNumber } = await import('@stepclock/charts');
      const { writeReport } = await import('../../reports/write-report.js');
      const data = replayReport({
        subtitle: name,
        replay: replayResultOf(requests, result),
        provenance: provenanceOf(session, [
          { name: betasPath },
          { name, sha256, holds: `${formatNumber(requests.length, 9)} requests` },
        ]),
      });
      await writeReport(data, args, session);
    }
    return ExitCode.ok;
  },
});
