import {
  type ArrivalPattern,
  isWorkloadSpec,
  type LoadShape,
  loadShapeOf,
  loadShapeOfSpec,
} from '@stepclock/step-model';
import { readTraceFile } from '../../files/trace-input.js';
import { integer } from '../../options/number-rules.js';
import { type ArgsOf, choice, number, required, text } from '../../options/option.js';
import { prefixCacheOption, type TraceArgs, traceOptions } from '../../options/trace-options.js';
import { inputFault, ofOption, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

/** Bursts: an eighth of the shape has eight times a Poisson stream's variance. */
const BURSTY_SHAPE = 1 / 8;

const PATTERNS: Readonly<Record<'poisson' | 'bursty', Exclude<ArrivalPattern, { kind: 'log' }>>> = {
  poisson: { kind: 'poisson' },
  bursty: { kind: 'gamma', shape: BURSTY_SHAPE },
};

/** The model of a verb that answers with one: a positional, or the option of its siblings. */
export const modelPositional = {
  model: text("the model, as 'stepclock estimate --json' writes it", 'input'),
};

export const betasOption = { betas: text('the model, as an option instead of a positional one', 'input') };

/** @throws Fault `cli/usage` where no model is given, or two are */
export const modelPathOf = (
  verb: string,
  { model, betas }: { readonly model?: string | undefined; readonly betas?: string | undefined },
): string => {
  if (model !== undefined && betas !== undefined)
    throw usageFault('--betas', 'is instead of a positional model', betas);
  const path = model ?? betas;
  if (path === undefined) throw usageFault(verb, `a model is missing: stepclock ${verb} betas.json`);
  return path;
};

/** What is asked of an engine, and what must hold. */
export const loadOptions = {
  workload: required(
    text(
      'a log or workload file, or prompt=MEAN[:SIGMA],output=MEAN[:SIGMA] in tokens (lognormal with a sigma)',
      'input',
    ),
  ),
  slo: required(text('what must hold: ttft:p95:200ms tpot:mean:50ms e2e:p99:10s; ms where there is no unit')),
  arrivals: choice(['log', 'poisson', 'bursty'], "of the load [the log's own, else poisson]"),
  seed: number('seed of the load and of the draws [0]', integer),
  ...traceOptions,
  ...prefixCacheOption,
};

type LoadArgs = TraceArgs & Pick<ArgsOf<typeof loadOptions>, 'workload' | 'arrivals' | 'seed'>;

/** The load that the options describe. */
export const shapeOf = async (args: LoadArgs, session: Session): Promise<LoadShape> => {
  const { workload, arrivals } = args;
  const drawn = arrivals === undefined || arrivals === 'log' ? undefined : PATTERNS[arrivals];
  if (isWorkloadSpec(workload)) {
    if (arrivals === 'log')
      throw usageFault('--arrivals', 'must be poisson or bursty where --workload is no log', arrivals);
    return ofOption('--workload', () => loadShapeOfSpec(workload, drawn, args.seed));
  }
  const { trace, name } = await readTraceFile(workload, args, session);
  if (trace.requests === undefined) {
    throw inputFault(name, `must be a log of requests with their lengths; got a ${trace.facts.format} table`);
  }
  return loadShapeOf(trace.requests, arrivals === 'log' ? { kind: 'log' } : drawn, args.seed);
};
