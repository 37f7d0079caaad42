import { joinPhases, type PhaseTable, type PhaseTrace, type ServedFacts } from '@stepclock/trace-io';
import type { TraceInput } from '../../files/trace-input.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { EstimateArgs } from './options.js';

/** One trace that stands for all that were read. */
interface JoinedEngines {
  readonly input: TraceInput;
  readonly phases: PhaseTable;
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

/**
 * Traces as one: each file an engine (or several, by its own instance column), their regressions added up. One file
 * stays as it is.
 */
export const joinedEngines = (inputs: readonly TraceInput[]): JoinedEngines => {
  const [first] = inputs;
  if (first === undefined) throw usageFault('estimate', 'a trace is missing');
  const served = inputs.map(servedTrace);
  const [firstServed] = served;
  const phases = joinPhases(served.map((trace, i) => ({ name: inputs[i].name, phases: trace.phases })));
  if (inputs.length === 1) return { input: first, phases };
  const { requests: _, ...trace } = firstServed;
  return {
    phases,
    input: {
      requests: null,
      name: `${inputs.length} engines (${inputs.map(({ name }) => name).join(', ')})`,
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
