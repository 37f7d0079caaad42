import { type FeatureTable, JsonReader, selectFeatures } from '@stepclock/regression';
import { StageError } from '../stage-error.js';
import { type Minimum, minimise } from './minimise.js';
import { Posterior, type Trend } from './process-posterior.js';

export interface TrendProcessOptions {
  readonly trend?: Trend;
  /** A process on nearly the same rows, to start from its hyperparameters. */
  readonly near?: TrendProcess | undefined;
  readonly maxIterations?: number;
}

/** A serialised process. Everything standardised except the scales. */
export interface TrendProcessJSON {
  readonly trend: Trend;
  readonly features: readonly { readonly name: string; readonly mean: number; readonly sd: number }[];
  readonly target: { readonly mean: number; readonly sd: number };
  readonly log_hyperparameters: readonly number[];
  readonly rows: readonly number[];
  readonly alpha: readonly number[];
}

/**
 * Gaussian process for few samples (10 to 150): Matern 5/2 with one length scale a feature, optionally over a quadratic trend, hyperparameters
 * at the maximum of likelihood times priors. With 10 rows and 8 features the likelihood alone would choose length scales by chance: the
 * priors (log-normal; lengths about sqrt(features) standard deviations, noise about a tenth of the spread) decide what the data cannot.
 *
 * Rasmussen and Williams, "Gaussian Processes for Machine Learning" (2006): algorithm 2.1, sections 2.7 (trend), 5.4.1 (gradient),
 * 5.4.2 (leave-one-out).
 */
export class TrendProcess {
  private constructor(
    private readonly json: TrendProcessJSON,
    /** Measured minus predicted by all other rows, in the target's unit; empty for a process that was read. */
    readonly leaveOneOut: Float64Array,
    /** Where the hyperparameters came from; null for a process that was read. */
    private readonly optimum: Minimum | null,
  ) {}

  /** @throws StageError `stage/too-few-samples` below 2 rows */
  static fit(features: FeatureTable, target: Float64Array, options: TrendProcessOptions = {}): TrendProcess {
    const n = target.length;
    if (!(n >= 2)) {
      throw new StageError('stage/too-few-samples', `samples: a Gaussian process needs at least 2; got ${n}`, {
        value: n,
      });
    }
    const { trend = 'none' } = options;
    const scales = features.columns.map(scaleOf);
    const goal = scaleOf(target);
    const x = standardised(features.columns, scales);
    const y = target.map((value) => (value - goal.mean) / goal.sd);
    const problem = new Posterior(x, y, scales.length, trend);
    const known = options.near?.optimum;
    const near = known?.x.length === problem.size ? known : undefined;
    const optimum = minimise((logs) => problem.evaluate(logs), near?.x ?? problem.typical(), {
      maxIterations: options.maxIterations ?? 100,
      inverseHessian: near?.inverseHessian,
    });
    const theta = optimum.x;
    const { alpha, inverse } = problem.solution(theta);
    return new TrendProcess(
      {
        trend,
        features: features.names.map((name, j) => ({ name, ...scales[j] })),
        target: goal,
        log_hyperparameters: [...theta],
        rows: [...x],
        alpha: [...alpha],
      },
      alpha.map((value, i) => (goal.sd * value) / inverse[i * n + i]),
      optimum,
    );
  }

  /** @throws RegressionError `regression/bad-model` */
  static fromJSON(value: unknown): TrendProcess {
    return new TrendProcess(processJSON(JsonReader.of(value, 'process')), new Float64Array(0), null);
  }

  get logHyperparameters(): Float64Array {
    return Float64Array.from(this.json.log_hyperparameters);
  }

  predict(features: FeatureTable): Float64Array {
    const { features: scales, target, rows, alpha, trend } = this.json;
    const table = selectFeatures(
      features,
      scales.map(({ name }) => name),
    );
    const d = scales.length;
    const x = standardised(table.columns, scales);
    const kernel = kernelOf(this.logHyperparameters, d, trend);
    return Float64Array.from({ length: features.length }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < alpha.length; j++) {
        let distance = 0;
        let product = 0;
        for (let k = 0; k < d; k++) {
          const a = x[i * d + k];
          const b = rows[j * d + k];
          distance += ((a - b) / kernel.lengths[k]) ** 2;
          product += a * b;
        }
        sum += alpha[j] * kernel.value(distance, product);
      }
      return target.mean + target.sd * sum;
    });
  }

  toJSON(): TrendProcessJSON {
    return this.json;
  }
}

/** What a process wrote, field by field. */
const processJSON = (json: JsonReader): TrendProcessJSON => {
  const trend = json.string('trend');
  if (trend !== 'none' && trend !== 'quadratic') throw json.fault('trend', 'must be none or quadratic');
  const features = json.objects('features').map((entry) => ({ name: entry.string('name'), ...scaleFrom(entry) }));
  const d = features.length;
  const alpha = [...json.numbers('alpha')];
  return {
    trend,
    features,
    target: scaleFrom(json.object('target')),
    log_hyperparameters: [...json.numbers('log_hyperparameters', d + (trend === 'quadratic' ? 3 : 2))],
    rows: [...json.numbers('rows', alpha.length * d)],
    alpha,
  };
};

const scaleFrom = (json: JsonReader): Scale => {
  const scale = { mean: json.number('mean'), sd: json.number('sd') };
  if (!(scale.sd > 0)) throw json.fault('sd', 'must be above 0');
  return scale;
};

interface Scale {
  readonly mean: number;
  readonly sd: number;
}

const scaleOf = (values: Float64Array): Scale => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, sd: sd > 1e-9 * Math.max(1, Math.abs(mean)) ? sd : 1 };
};

/** Row-major. */
const standardised = (columns: readonly Float64Array[], scales: readonly Scale[]): Float64Array => {
  const d = columns.length;
  const x = new Float64Array(d * (columns[0]?.length ?? 0));
  columns.forEach((column, j) => {
    const { mean, sd } = scales[j];
    for (let i = 0; i < column.length; i++) x[i * d + j] = (column[i] - mean) / sd;
  });
  return x;
};

const matern = (squaredDistance: number): number => {
  const r = Math.sqrt(5 * squaredDistance);
  return (1 + r + (r * r) / 3) * Math.exp(-r);
};

const kernelOf = (logs: Float64Array, d: number, trend: Trend) => {
  const lengths = logs.slice(0, d).map(Math.exp);
  const signal = Math.exp(2 * logs[d]);
  const slope = trend === 'quadratic' ? Math.exp(2 * logs[d + 2]) : 0;
  return {
    lengths,
    value: (distance: number, product: number): number =>
      signal * matern(distance) + slope * ((1 + product / d) ** 2 - 1),
  };
};
