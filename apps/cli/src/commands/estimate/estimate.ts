import { ExitCode, shown } from '@stepclock/faults';
import {
  betasFileOf,
  holdOutError,
  holdOutSplit,
  settingsWarnings,
  snakeCaseFields,
  snakeCaseKeys,
} from '@stepclock/step-model';
import type { PhaseTable } from '@stepclock/trace-io';
import { tracePaths } from '../../files/paths/trace-paths.js';
import { readTraceFiles } from '../../files/trace-files.js';
import type { TraceInput } from '../../files/trace-input.js';
import type { Option } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { wantsReport } from '../../reports/report-targets.js';
import { about, inputFault, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { estimateText } from '../../text/estimate-text.js';
import { holdOutReplaysText, holdOutText } from '../../text/hold-out-text.js';
import { instanceNames } from '../../text/instance-names.js';
import { leftOutJson, leftOutText, warnOfLeftOut } from '../../text/left-out.js';
import { durationText, grouped } from '../../text/quantity.js';
import { servingText } from '../../text/serving-text.js';
import { crossCheckText } from '../../text/token-clock-text.js';
import { windowsText } from '../../text/windows-text.js';
import { physicsOf, possibleOf } from '../model/physics.js';
import { stepClockCheck, warnedOfCheck } from './cross-check.js';
import { joinedEngines, refuseManyEngines } from './engines.js';
import { runEstimator } from './estimators.js';
import { refuseForeignOptions } from './foreign-options.js';
import { replayedParts } from './hold-out.js';
import { type Algorithm, type EstimateArgs, estimateOptions } from './options.js';
import { servingFields, servingOf, withOverhead } from './serving.js';
import { showTokenEstimate } from './show-token-estimate.js';
import { spanOf, windowOf } from './time-window.js';
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

/** Where the coefficients come from, for whoever finds the file later. */
const provenance = (inputs: readonly TraceInput[], phases: PhaseTable, spanSec: number) => ({
  files: inputs.map(({ trace, requests, name, sha256 }) => ({
    file: name,
    sha256,
    format: trace.facts.format,
    requests,
    phases: trace.phases?.length ?? null,
    excluded: trace.exclusions.map(({ reason, count }) => ({ reason, count })),
  })),
  phases: phases.length,
  span_seconds: spanSec,
  settings: snakeCaseKeys(inputs[0]?.trace.facts.settings ?? {}),
});

/** Which part of the trace is fitted, and which is kept apart to test on. */
interface Parts {
  readonly window?: readonly [number, number];
  readonly rest?: readonly [number, number];
}

const partsOf = (args: EstimateArgs, phases: PhaseTable, span: readonly [number, number]): Parts => {
  if (args.holdout !== undefined) {
    if (args.window !== undefined) throw usageFault('--holdout', 'cannot go with --window; give one of them');
    const { fit, rest } = holdOutSplit(phases, args.holdout);
    return { window: fit, rest };
  }
  return args.window === undefined ? {} : { window: windowOf(args.window, span) };
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
    const fromTokens = algo === 'step-clock' ? tokenEstimate(inputs, args, session) : undefined;
    if (fromTokens !== undefined) {
      const check = stepClockCheck(fromTokens, inputs[0], args, session);
      const physics = physicsOf(fromTokens, possible);
      const checked = warnedOfCheck(fromTokens, check);
      const { facts, phases } = inputs[0].trace;
      const told = settingsWarnings(facts.settings, facts, phases, 'tokens');
      const warned = { ...checked, warnings: [...checked.warnings, ...physics.warnings, ...told] };
      const { shiftedTokens: promptOffsetTokens, prefillFirst } = fromTokens.clock;
      const policy = prefillFirst ? 'prefill-first' : 'mixed';
      const serving = servingOf(
        inputs[0].trace,
        { betas: fromTokens.betas, promptOffsetTokens, policy },
        args,
        session,
      );
      const code = await showTokenEstimate(warned, inputs[0], args.json, session, {
        cross_check: check && { estimator: 'step-clock', ...snakeCaseFields(check) },
        ...physics.json,
        ...(promptOffsetTokens !== 0 && { prompt_offset_tokens: promptOffsetTokens }),
        policy,
        ...servingFields(serving),
      });
      if (args.json !== '-') {
        for (const line of [
          ...servingText(serving),
          ...(check === null ? [] : [`  ${crossCheckText(check)}`]),
          ...physics.text,
        ]) {
          session.print(line);
        }
      }
      return code;
    }
    const { input, phases, as } = joinedEngines(inputs, args);
    if (as === 'engines') refuseManyEngines(algo, args);
    const { exclusions } = input.trace;
    const read = inputs.reduce((sum, { requests }) => sum + (requests ?? 0), 0) || phases.length;
    warnOfLeftOut(exclusions, read, session.log);
    const span = spanOf(phases);
    const { window, rest } = partsOf(args, phases, span);
    const found = about(input.name, () => runEstimator(algo, phases, input.trace.facts, args, { window }));
    const physics = physicsOf(found, possible);
    const told = settingsWarnings(input.trace.facts.settings, input.trace.facts, phases);
    const warned = { ...found, warnings: [...found.warnings, ...physics.warnings, ...told] };
    const serving =
      found.algo === 'step-clock' && inputs.length === 1
        ? servingOf(input.trace, { ...found, window }, args, session)
        : undefined;
    const estimate = withOverhead(warned, serving);
    const heldOut = rest === undefined ? undefined : holdOutError(phases, estimate.betas, rest);
    const replays =
      rest === undefined || window === undefined
        ? []
        : replayedParts(input.trace, phases, { window, estimate }, rest, args, session);
    for (const { code, message } of estimate.warnings) session.log.warn(`${message} [${code}]`);

    const spanSec = span[1] - span[0];
    const taken = await session.writeJson(args.json, {
      ...betasFileOf(estimate),
      ...servingFields(serving),
      ...(heldOut && {
        holdout: { fraction: args.holdout, ...(snakeCaseKeys(heldOut) as object), replays: snakeCaseKeys(replays) },
      }),
      ...physics.json,
      input: {
        ...provenance(inputs, phases, spanSec),
        ...(inputs.length > 1 && { read_as: as }),
        left_out: leftOutJson(exclusions, read),
      },
      stepclock_version: session.version,
    });
    if (!taken) {
      session.print(
        estimateText(
          [heading(input, phases, spanSec, inputs.length), ...leftOutText(exclusions, read)],
          estimate,
          session.paint,
        ),
      );
      for (const line of physics.text) session.print(line);
      if (heldOut !== undefined) session.print(`\n${holdOutText(args.holdout ?? 0, heldOut)}`);
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
      const held = heldOut === undefined || rest === undefined ? undefined : { rest, error: heldOut };
      await writeReport(estimateReportOf({ input, phases, estimate, heldOut: held }, session), args, session);
    }
    if (args.strict === true && !estimate.converged) {
      session.log.error('the estimator did not converge (--strict)');
      return ExitCode.notConverged;
    }
    return ExitCode.ok;
  },
});
