import type { MetricName } from '../replay/serving-metrics.js';
import { stepModelFault } from '../step-model-fault.js';

/** One promise: a statistic of a metric, at most so many seconds. */
export interface Slo {
  readonly metric: MetricName;
  /** A quantile from 0 to 1. */
  readonly statistic: 'mean' | number;
  readonly limitSec: number;
}

const METRICS: Readonly<Record<string, MetricName>> = {
  ttft: 'ttft',
  tpot: 'tpot',
  e2e: 'latency',
  e2el: 'latency',
  latency: 'latency',
};

const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1 };

/** A limit without a statistic is one that nearly every request must keep. */
const USUAL_QUANTILE = 0.95;

const EXAMPLE = 'such as "ttft:p95:200ms tpot:mean:50ms e2e:p99:10s"';

const badSlo = (what: string, rule: string, value: string) =>
  stepModelFault('step-model/bad-slo', { what: `SLO, ${what}`, rule, value, hint: EXAMPLE });

const statisticOf = (word: string): Slo['statistic'] => {
  if (word === 'mean') return 'mean';
  const percent = /^p(\d{1,2}(?:\.\d{1,6})?)$/.exec(word)?.[1];
  if (percent === undefined || Number(percent) === 0)
    throw badSlo('statistic', 'must be mean or p50, p95, p99.9', word);
  return Number(percent) / 100;
};

const limitOf = (word: string): number => {
  const [, digits, unit = 'ms'] = /^(\d{1,15}(?:\.\d{1,15})?)(us|ms|s)?$/.exec(word) ?? [];
  const sec = Number(digits) * SECONDS[unit];
  if (!(sec > 0 && sec < Infinity)) {
    throw badSlo('limit', 'must be a time above 0 in us, ms (where no unit is given) or s', word);
  }
  return sec;
};

const sloOf = (clause: string): Slo => {
  const parts = clause.toLowerCase().split(':');
  if (parts.length < 2 || parts.length > 3) {
    throw badSlo('clause', 'must be METRIC:STATISTIC:LIMIT or METRIC:LIMIT', clause);
  }
  const [name] = parts;
  if (!Object.hasOwn(METRICS, name)) throw badSlo('metric', `must be one of ${Object.keys(METRICS).join(', ')}`, name);
  const statistic = parts.length === 2 ? USUAL_QUANTILE : statisticOf(parts[1]);
  return { metric: METRICS[name], statistic, limitSec: limitOf(parts[parts.length - 1]) };
};

/**
 * Service level objectives from their text: clauses `METRIC:STATISTIC:LIMIT` apart by blanks or commas. Metrics are ttft, tpot and e2e; statistics
 * mean and percentiles (`p95`); limits in us, ms or s, milliseconds where they have no unit. `METRIC:LIMIT`, as vLLM's `--goodput` has it, is `p95`.
 *
 * @throws Fault `step-model/bad-slo`
 *
 * @example
 * parseSlos('ttft:p95:200ms tpot:mean:50ms')[0] // => { metric: 'ttft', statistic: 0.95, limitSec: 0.2 }
 */
export const parseSlos = (text: string): readonly Slo[] => {
  const clauses = text.split(/[\s,]+/).filter((clause) => clause !== '');
  if (clauses.length === 0) throw badSlo('text', 'must have a clause', text);
  return clauses.map(sloOf);
};

/** `ttft p95`, in the words of the text that it came from. */
export const sloName = ({ metric, statistic }: Slo): string =>
  `${metric === 'latency' ? 'e2e' : metric} ${statistic === 'mean' ? 'mean' : `p${+(100 * statistic).toFixed(6)}`}`;

/** A quantile asks for so many requests beyond it. */
const BEYOND_QUANTILE = 30;

/** How many requests tell the values of some SLOs, at least so many. */
export const requestsToTell = (slos: readonly Slo[], least: number): number => {
  const quantiles = slos.map(({ statistic }) => (statistic === 'mean' ? 0.5 : statistic));
  return Math.max(least, Math.ceil(BEYOND_QUANTILE / (1 - Math.max(...quantiles))));
};
