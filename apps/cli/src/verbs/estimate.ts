import { betasFileOf } from '@stepclock/step-model';
import type { EstimateArgs } from '../commands/estimate.js';
import { InputError, UsageError } from '../errors.js';
import { ExitCode } from '../exit-code.js';
import { refuseOverwriting, type Session } from '../session.js';
import { estimateText } from '../text/estimate-text.js';
import { durationText, grouped } from '../text/quantity.js';
import { readTraceFile, type TraceInput } from '../trace-input.js';
import { runEstimator } from './estimators.js';
import { refuseForeignOptions } from './foreign-options.js';

const DEFAULT_ALGORITHM = 'iterative';

/** The traces named on the command line, as positionals or by the published flag. */
const tracePaths = (args: EstimateArgs): readonly string[] => {
  const paths = [...args.traces, ...(args.csv === undefined ? [] : [args.csv])];
  if (paths.length === 0) {
    const eaten =
      args.json !== undefined && args.json !== '-'
        ? ` (--json took '${args.json}' as its path; write --json=- for standard output)`
        : '';
    throw new UsageError(`estimate: a trace is missing: stepclock estimate requests.jsonl${eaten}`);
  }
  if (paths.length > 1) throw new UsageError(`estimate: takes one trace; got ${paths.length}`);
  return paths;
};

/** What was read, in one line. */
const heading = ({ trace, name }: TraceInput): string => {
  const { phases, requests, facts } = trace;
  const counts = [
    requests === undefined ? undefined : `${grouped(requests.length)} requests`,
    phases === undefined ? undefined : `${grouped(phases.length)} phases`,
  ].filter((t) => t !== undefined);
  return `${name} (${facts.format}): ${counts.join(', ')}${phases === undefined ? '' : `, ${durationText(spanSec(phases))}`}`;
};

const spanSec = ({ startSec, endSec }: { startSec: Float64Array; endSec: Float64Array }): number => {
  let first = Infinity;
  let last = -Infinity;
  for (const t of startSec) if (t < first) first = t;
  for (const t of endSec) if (t > last) last = t;
  return last > first ? last - first : 0;
};

/** `stepclock estimate`. */
export const runEstimate = async (args: EstimateArgs, session: Session): Promise<ExitCode> => {
  const algo = args.algo ?? DEFAULT_ALGORITHM;
  refuseForeignOptions(algo, args);
  const paths = tracePaths(args);
  refuseOverwriting({ json: args.json, report: args.report }, paths);

  const [path = '-'] = paths;
  const input = await readTraceFile(path, args, session);
  const { trace } = input;
  for (const { message, count } of trace.exclusions) session.log.info(`${count} left out: ${message}`);
  if (trace.phases === undefined) {
    throw new InputError(
      `${input.name}: must tell when requests were served; got a ${trace.facts.format} workload, which has arrivals and lengths only (stepclock simulate and replay take it)`,
    );
  }
  const estimate = runEstimator(algo, trace.phases, trace.facts, args);
  for (const { code, message } of estimate.warnings) session.log.warn(`${message} [${code}]`);

  const file = {
    ...betasFileOf(estimate),
    input: {
      file: input.name,
      sha256: input.sha256,
      format: trace.facts.format,
      requests: trace.requests?.length ?? null,
      phases: trace.phases.length,
      span_seconds: spanSec(trace.phases),
      excluded: trace.exclusions.map(({ reason, count }) => ({ reason, count })),
      settings: trace.facts.settings,
    },
    stepclock_version: session.version,
  };
  const taken = await session.writeJson(args.json, file);
  if (!taken) session.print(estimateText(heading(input), estimate, session.paint));
  if (args.strict === true && !estimate.converged) {
    session.log.error('the estimator did not converge (--strict)');
    return ExitCode.notConverged;
  }
  return ExitCode.ok;
};
