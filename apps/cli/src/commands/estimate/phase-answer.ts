import {
  betasFileOf,
  type HoldOutError,
  holdOutError,
  holdOutSplit,
  type PartReplay,
  type PossibleCost,
  settingsWarnings,
  snakeCaseKeys,
} from '@stepclock/step-model';
import type { PhaseTable } from '@stepclock/trace-io';
import type { TraceInput } from '../../files/trace-input.js';
import { about, usageFault } from '../../session/errors.js';
import { working } from '../../session/progress.js';
import type { Session } from '../../session/session.js';
import { leftOutJson } from '../../text/left-out.js';
import { physicsOf } from '../model/physical-words.js';
import { joinedEngines, refuseManyEngines } from './engines.js';
import { type Estimate, runEstimator } from './estimators.js';
import { replayedParts } from './hold-out.js';
import type { Algorithm, EstimateArgs } from './options.js';
import {
  refinedEstimate,
  refinementFields,
  refinementText,
  servingFields,
  servingOf,
  withOverhead,
} from './serving.js';
import { spanOf, windowOf } from './time-window.js';

/** An estimate from phases with all that is asked of it. */
export interface PhaseAnswer {
  /** One trace that stands for all that were read, and its phases. */
  readonly input: TraceInput;
  readonly phases: PhaseTable;
  readonly spanSec: number;
  /** Requests, or phases where the files tell of those only. */
  readonly read: number;
  readonly estimate: Estimate;
  readonly heldOut?: { readonly rest: readonly [number, number]; readonly error: HoldOutError };
  readonly replays: readonly PartReplay[];
  /** What the hardware could do, one line a fact. */
  readonly lines: readonly string[];
  /** The object of a model's file. */
  readonly modelOf: (version: string) => object;
}

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

/** Estimates from phases: of one trace, or of several that are one log or an engine each. */
export const phaseAnswer = (
  inputs: readonly TraceInput[],
  algo: Algorithm,
  args: EstimateArgs,
  possible: PossibleCost | undefined,
  session: Pick<Session, 'log'> & Partial<Pick<Session, 'io'>>,
): PhaseAnswer => {
  const { input, phases, as } = joinedEngines(inputs, args);
  if (as === 'engines') refuseManyEngines(algo, args);
  const { exclusions } = input.trace;
  const read = inputs.reduce((sum, { requests }) => sum + (requests ?? 0), 0) || phases.length;
  const span = spanOf(phases);
  const spanSec = span[1] - span[0];
  const { window, rest } = partsOf(args, phases, span);
  const fitted = about(input.name, () =>
    working(session.io?.stderr, 'fitting', (onProgress) =>
      runEstimator(algo, phases, input.trace.facts, args, { window, onProgress }),
    ),
  );
  const { estimate: found, refinement } =
    inputs.length === 1 ? refinedEstimate(input.trace, fitted, window, args, session) : { estimate: fitted };
  const physics = physicsOf(found, possible);
  const told = settingsWarnings(input.trace.facts.settings, input.trace.facts, phases, { warnings: found.warnings });
  const warned = { ...found, warnings: [...found.warnings, ...physics.warnings, ...told] };
  const serving =
    found.algo === 'step-clock' && inputs.length === 1
      ? servingOf(input.trace, { ...found, window }, args, session)
      : undefined;
  const estimate = withOverhead(warned, serving);
  const heldOut = rest && { rest, error: holdOutError(phases, estimate.betas, rest) };
  const replays =
    rest === undefined || window === undefined
      ? []
      : replayedParts(input.trace, phases, { window, estimate }, rest, args, session);
  return {
    ...{ input, phases, spanSec, read, estimate, replays },
    ...(heldOut && { heldOut }),
    lines: [...refinementText(refinement), ...physics.text],
    modelOf: (version) => ({
      ...betasFileOf(estimate),
      ...servingFields(serving),
      ...refinementFields(refinement),
      ...(heldOut && {
        holdout: {
          fraction: args.holdout,
          ...(snakeCaseKeys(heldOut.error) as object),
          replays: snakeCaseKeys(replays),
        },
      }),
      ...physics.json,
      input: {
        ...provenance(inputs, phases, spanSec),
        ...(inputs.length > 1 && { read_as: as }),
        left_out: leftOutJson(exclusions, read),
      },
      stepclock_version: version,
    }),
  };
};
