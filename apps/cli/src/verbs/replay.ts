import { replay, replayJson } from '@stepclock/step-model';
import type { ReplayArgs } from '../commands/replay.js';
import { InputError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import { provenanceOf } from '../reports/provenance.js';
import { wantsReport } from '../reports/report-targets.js';
import type { Session } from '../session.js';
import { durationText, grouped, percent } from '../text/quantity.js';
import { tableText } from '../text/table.js';
import { readTraceFile } from '../trace-input.js';
import { readBetasFile } from './betas-input.js';
import { given } from './given.js';
import { limitsOf } from './settings.js';

const TITLES: Readonly<Record<string, string>> = { ttft: 'TTFT', tpot: 'TPOT', latency: 'latency' };

const FROM = { given: 'as given', log: "told by the log's own times", default: 'nothing tells' } as const;

/** Replay of a log as a table: a block a metric, a row a figure. */
const replayText = ({ metrics }: ReturnType<typeof replay>): string => {
  const rows = [['', '', 'measured', 'replayed', 'error']];
  for (const [metric, figures] of Object.entries(metrics)) {
    for (const [i, [figure, { measured, replayed, error }]] of Object.entries(figures).entries()) {
      const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));
      const name = i === 0 ? (TITLES[metric] ?? metric) : '';
      rows.push([name, figure, shown(measured), shown(replayed), error === null ? '-' : percent(error)]);
    }
  }
  return tableText(rows, [0, 1]);
};

/** `stepclock replay`. */
export const runReplay = async (args: ReplayArgs, session: Session): Promise<ExitCode> => {
  const { betas: betasPath = '-', requests: requestsPath = '-' } = args;
  await checkOutputs(
    { streams: { json: args.json }, files: { report: args.report }, folders: { figures: args.figures } },
    [betasPath, requestsPath],
  );
  const file = await readBetasFile(betasPath, session);
  const { trace, name, sha256 } = await readTraceFile(requestsPath, args, session);
  if (trace.requests === undefined) {
    throw new InputError(
      `${name}: must be a log of requests with arrivals and lengths; got a ${trace.facts.format} table`,
    );
  }
  const limits = limitsOf(args, trace.facts.settings);
  if (limits.maxNumBatchedTokens === undefined && limits.chunkSize === undefined) {
    session.log.warn(
      'no token budget is known: whole prompts are served in one step, and replayed TTFT may be far off; give --max-num-batched-tokens [no-token-budget]',
    );
  }
  const result = replay(trace.requests, file.betas, limits, given({ seed: args.seed }));
  const taken = await session.writeJson(args.json, { ...replayJson(result), stepclock_version: session.version });
  if (!taken) {
    session.print(
      [
        `${name}: ${grouped(result.requests)} requests replayed in ${grouped(result.steps)} steps, ${grouped(result.preemptions)} preemptions`,
        `scheduling ${result.settings.asyncScheduling ? 'asynchronous' : 'synchronous'} (${FROM[result.schedulingFrom]})`,
        '',
        replayText(result),
      ].join('\n'),
    );
  }
  if (wantsReport(args)) {
    const { formatNumber, replayReport } = await import('@stepclock/charts');
    const { writeReport } = await import('../reports/write-report.js');
    const { replayResultOf } = await import('../reports/replay-result.js');
    const data = replayReport({
      subtitle: name,
      replay: replayResultOf(trace.requests, result),
      provenance: provenanceOf(session, [
        { name: betasPath },
        { name, sha256, holds: `${formatNumber(trace.requests.length, 9)} requests` },
      ]),
    });
    await writeReport(data, args, session);
  }
  return ExitCode.ok;
};
