import {
  isRotatedLog,
  joinPhases,
  type PhaseTable,
  type PhaseTrace,
  type ServedFacts,
  samePhasesShare,
} from '@stepclock/trace-io';
import type { TraceInput } from '../../files/trace-input.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { EstimateArgs } from './options.js';

/** One trace that stands for all that were read. */
interface JoinedEngines {
  readonly input: TraceInput;
  readonly phases: PhaseTable;
  /** What several files are taken for. */
  readonly as: 'engines' | 'one-log';
}

/** Options that only make sense for one engine's clock. */
export const refuseManyEngines = (algo: string, args: EstimateArgs): void => {
  if (algo !== 'step-clock') {
    throw usageFault('--algo', `must be step-clock for several traces, each an engine of its own; got ${algo}`);
  }
  for (const option of ['window', 'holdout'] as const) {
    if (args[option] !== undefined) {
      throw usageFault(`--${option}`, 'needs one trace, since every engine has a clock of its own');
    }
  }
};

/** A trace of requests that were served; a workload without latencies is none. */
const servedTrace = ({ trace, name }: TraceInput): PhaseTrace => {
  if (trace.kind === 'phases') return trace;
  const what =
    trace.kind === 'tokens'
      ? `token times that count from each request's own start (${trace.facts.format}), whose phases nobody knows`
      : trace.steps === undefined
        ? `a workload (${trace.facts.format}), which has arrivals and lengths only (stepclock simulate and replay take it)`
        : 'a step log (stepclock steps fits it)';
  throw inputFault(name, `must tell when requests were served; got ${what}`);
};

const joinedFacts = (all: readonly ServedFacts[], first: ServedFacts): ServedFacts => {
  const folded = all.some(({ queueInPrefill }) => queueInPrefill === 'yes');
  return folded ? { ...first, queueInPrefill: 'yes' } : first;
};

/** Files of this part of equal phases hold the same requests: times of two engines are not equal to the last digit. */
const SAME_SHARE = 0.9;

const refuseSame = (parts: readonly { readonly name: string; readonly phases: PhaseTable }[]): void => {
  for (const [i, { name, phases }] of parts.entries()) {
    const earlier = parts.slice(0, i).find((part) => samePhasesShare(part.phases, phases) >= SAME_SHARE);
    if (earlier === undefined) continue;
    throw inputFault(
      name,
      `must not hold the requests of ${earlier.name} again, under these or other names: their times are equal to the last digit, and would count twice`,
    );
  }
};

/** Whether several files are one log: as the command line says, or as their times tell. */
const isOneLog = (
  parts: readonly { readonly phases: PhaseTable; readonly shiftSec: number }[],
  formats: readonly string[],
  { oneEngine, enginePerFile }: EstimateArgs,
): boolean => {
  if (oneEngine === true && enginePerFile === true)
    throw usageFault('--one-engine', 'cannot go with --engine-per-file');
  if (oneEngine === true && parts.some(({ phases }) => phases.instance !== undefined)) {
    throw usageFault('--one-engine', 'cannot go with files that tell several engines apart themselves');
  }
  if (oneEngine === true) return true;
  return enginePerFile !== true && new Set(formats).size === 1 && isRotatedLog(parts);
};

/**
 * Traces as one. Files that follow each other in time as those of a rotated log do are one log of one engine; of others, each is an engine
 * (or several, by its own instance column), their regressions added up. One file stays as it is.
 */
export const joinedEngines = (inputs: readonly TraceInput[], args: EstimateArgs): JoinedEngines => {
  const [first] = inputs;
  if (first === undefined) throw usageFault('estimate', 'a trace is missing');
  const served = inputs.map(servedTrace);
  const [firstServed] = served;
  const originSec = firstServed.facts.originSec ?? 0;
  const parts = served.map(({ phases, facts }, i) => ({
    name: inputs[i].name,
    phases,
    shiftSec: (facts.originSec ?? 0) - originSec,
  }));
  if (inputs.length === 1) return { input: first, phases: firstServed.phases, as: 'one-log' };
  refuseSame(parts);
  const formats = served.map(({ facts }) => facts.format);
  const as = isOneLog(parts, formats, args) ? 'one-log' : 'engines';
  // Engines have clocks of their own; files of one log share theirs.
  const phases = joinPhases(as === 'one-log' ? parts : parts.map((part) => ({ ...part, shiftSec: 0 })), as);
  const { requests: _, ...trace } = firstServed;
  return {
    phases,
    as,
    input: {
      requests: null,
      name:
        as === 'one-log'
          ? `one log of one engine in ${inputs.length} files (${inputs.map(({ name }) => name).join(', ')})`
          : `${inputs.length} engines (${inputs.map(({ name }) => name).join(', ')})`,
      sha256: inputs.map(({ sha256 }) => sha256).join(' '),
      trace: {
        ...trace,
        phases,
        facts: joinedFacts(
          served.map((s) => s.facts),
          firstServed.facts,
        ),
        exclusions: inputs.flatMap((i) => i.trace.exclusions),
      },
    },
  };
};
