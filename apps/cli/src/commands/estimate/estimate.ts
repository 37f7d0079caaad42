import { ExitCode, shown } from '@stepclock/faults';
import type { PhaseTable } from '@stepclock/trace-io';
import { tracePaths } from '../../files/paths/trace-paths.js';
import { readTraceFiles } from '../../files/trace-files.js';
import type { TraceInput } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import type { Option } from '../../options/option.js';
import { termNames } from '../../options/term-names.js';
import { defineVerb } from '../../options/verb.js';
import { wantsReport } from '../../reports/report-targets.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { estimateText } from '../../text/estimate-text.js';
import { holdOutReplaysText, holdOutText } from '../../text/hold-out-text.js';
import { instanceNames } from '../../text/instance-names.js';
import { leftOutText, warnOfLeftOut } from '../../text/left-out.js';
import { durationText, grouped } from '../../text/quantity.js';
import { windowsText } from '../../text/windows-text.js';
import { possibleOf } from '../model/physics.js';
import { showWindows } from '../trace/fit-step-log.js';
import { refuseForeignOptions, refuseForWindows } from './foreign-options.js';
import { type Algorithm, type EstimateArgs, estimateOptions } from './options.js';
import { phaseAnswer } from './phase-answer.js';
import { showTokenEstimate } from './show-token-estimate.js';
import { tokenAnswer } from './token-answer.js';
import { tokenEstimate } from './token-evidence.js';

/** The estimator that was asked for: a chunk size alone means baseline, as in the published scripts. */
const algorithmOf = ({ algo, chunkSize }: EstimateArgs, session: Session): Algorithm => {
  if (algo !== undefined || chunkSize === undefined) return algo ?? 'step-clock';
  session.log.warn(
    '--chunk-size without --algo means --algo baseline, as in the published scripts; --algo step-clock takes no chunk size, and is right where prefills share a token budget too',
  );
  return 'baseline';
};

/** Any number of paths. */
const traces: Option<readonly string[]> = {
  yargs: {
    type: 'string',
    array: true,
    default: [],
    describe:
      'trace files, folders of a load client, or patterns such as logs/*.jsonl; files that follow each other in time are one log, others an engine each; - is standard input',
  },
  role: 'trace',
  parse: (value) => [value ?? []].flat().map(String),
};

/** The traces named on the command line, as positionals or by the published flag. */
const givenPaths = (args: EstimateArgs & { readonly traces: readonly string[] }): readonly string[] => {
  if (args.csv !== undefined && args.traces.length > 0) {
    throw usageFault(
      '--csv',
      `is instead of a positional trace; got ${shown(args.csv)} and ${shown(args.traces.join(' '))}`,
    );
  }
  const paths = args.csv === undefined ? args.traces : [args.csv];
  if (paths.length === 0) {
    const eaten =
      args.json !== undefined && args.json !== '-'
        ? ` (--json took '${args.json}' as its path; write --json=- for standard output)`
        : '';
    throw usageFault('estimate', `a trace is missing: stepclock estimate requests.jsonl${eaten}`);
  }
  return paths;
};

/** Each file counts as an engine of its own: the same bytes twice would pass for twice the evidence. */
const refuseTwice = (inputs: readonly TraceInput[]): void => {
  const seen = new Map<string, string>();
  for (const { name, sha256 } of inputs) {
    const before = seen.get(sha256);
    if (before !== undefined) {
      throw inputFault(name, `must not hold the same bytes as ${before}: the same requests would count twice`);
    }
    seen.set(sha256, name);
  }
};

/** What was read, in one line. */
const heading = ({ trace, name }: TraceInput, phases: PhaseTable, spanSec: number, files: number): string => {
  const requests = trace.requests === undefined ? '' : `${grouped(trace.requests.length)} requests, `;
  // Of several files the name says so already.
  const instances = files === 1 ? instanceNames(phases.instanceIds) : undefined;
  const apart = instances === undefined ? '' : `, ${instances}`;
  return `${name} (${trace.facts.format}): ${requests}${grouped(phases.length)} phases, ${durationText(spanSec)}${apart}`;
};

export const verb = defineVerb({
  positionals: { traces },
  options: estimateOptions,
  examples: [
    ['$0 estimate requests.jsonl', 'an engine request log; meta.json beside it is read too'],
    ['$0 estimate phases.csv --algo iterative --chunk-size 512', 'the published estimator on a phase table'],
    ['zcat log.gz | $0 estimate - --json', 'from standard input, as JSON'],
  ],
  run: async (args, session) => {
    const algo = algorithmOf(args, session);
    refuseForeignOptions(algo, args);
    const paths = await tracePaths(givenPaths(args));

    const possible = await possibleOf(args, session);
    const inputs = await readTraceFiles(paths, args, args.workers, session);
    refuseTwice(inputs);
    const [first, ...others] = inputs;
    if (first.trace.kind === 'windows' && others.length === 0) {
      refuseForWindows(args);
      const options = given({ terms: termNames(args.terms), level: args.ci });
      await showWindows(first.trace, first, { options, json: args.json, possible }, session);
      return ExitCode.ok;
    }
    const fromTokens = algo === 'step-clock' ? tokenEstimate(inputs, args, session) : undefined;
    if (fromTokens !== undefined) {
      const { estimate, further, lines } = tokenAnswer(fromTokens, inputs[0], args, possible, session);
      const code = await showTokenEstimate(estimate, inputs[0], args.json, session, further);
      if (args.json !== '-') for (const line of lines) session.print(line);
      return code;
    }
    const answer = phaseAnswer(inputs, algo, args, possible, session);
    const { input, phases, estimate, heldOut, replays, spanSec, read } = answer;
    const { exclusions } = input.trace;
    warnOfLeftOut(exclusions, read, session.log);
    for (const { code, message } of estimate.warnings) session.log.warn(`${message} [${code}]`);
    const taken = await session.writeJson(args.json, answer.modelOf(session.version));
    if (!taken) {
      session.print(
        estimateText(
          [heading(input, phases, spanSec, inputs.length), ...leftOutText(exclusions, read)],
          estimate,
          session.paint,
        ),
      );
      for (const line of answer.lines) session.print(line);
      if (heldOut !== undefined) session.print(`\n${holdOutText(args.holdout ?? 0, heldOut.error)}`);
      if (replays.length > 0) session.print(`\n${holdOutReplaysText(args.holdout ?? 0, replays)}`);
    }
    if (args.listWindows === true && !taken && estimate.algo === 'step-clock') {
      session.print(`\n${windowsText(estimate.byWindow, estimate.terms)}`);
    }
    if (args.plot === true && !taken && estimate.algo === 'step-clock') {
      const { stepClockDetails } = await import('@stepclock/beta-estimators');
      const { tracePlot } = await import('../../text/trace-plot.js');
      session.print(
        `\n${tracePlot(stepClockDetails(phases, estimate.options), Math.min(100, session.io.stdout.columns ?? 72))}`,
      );
    }
    if (wantsReport(args)) {
      const { estimateReportOf } = await import('../../reports/estimate-report.js');
      const { writeReport } = await import('../../reports/write-report.js');
      await writeReport(estimateReportOf({ input, phases, estimate, heldOut }, session), args, session);
    }
    if (args.strict === true && !estimate.converged) {
      session.log.error('the estimator did not converge (--strict)');
      return ExitCode.notConverged;
    }
    return ExitCode.ok;
  },
});
