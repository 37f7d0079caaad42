import { between, count, level, nonNegative, orderedPairWithin, text } from '@stepclock/model-file';
import { windowsSchema } from '@stepclock/step-cost';
import * as v from 'valibot';

/** Coefficients beyond are no seconds of any engine; within, whatever is computed from a file stays finite. */
const MOST_SECONDS = 1e6;
const MOST_TOKENS = 1e12;
/** Intervals may be far wider than their coefficients, where hardly anything tells of them. */
const WIDEST = 1e12;

const OBJECT = 'must be an object';
const seconds = between(-MOST_SECONDS, MOST_SECONDS);
const baseSeconds = between(0, MOST_SECONDS);
const interval = orderedPairWithin(-WIDEST, WIDEST);
const range = orderedPairWithin(0, MOST_TOKENS);
const tokens = between(1, MOST_TOKENS);

/** A field that may be missing or null. */
const maybe = <const Schema extends v.GenericSchema>(schema: Schema) => v.optional(v.nullable(schema));

const baseBetas = v.object(
  { beta0: baseSeconds, beta1: baseSeconds, beta2: baseSeconds, beta3: v.optional(baseSeconds) },
  OBJECT,
);

const covariance = v.array(
  v.array(between(-(WIDEST ** 2), WIDEST ** 2), 'must be an array of numbers'),
  'must be a square matrix, an array of rows',
);

/** What was seen by a fit: the compositions of its steps, smallest and largest, and how many steps each decode batch had. */
const identifiability = v.looseObject(
  {
    /** Of the weighted design with columns of length 1; null: the coefficients cannot be told apart. */
    condition_number: maybe(nonNegative),
    compositions: maybe(
      v.looseObject(
        {
          prefill_tokens: maybe(range),
          decode_seqs: maybe(range),
          context_tokens: maybe(range),
          prefill_requests: maybe(range),
          prefill_context: maybe(range),
        },
        OBJECT,
      ),
    ),
    batches: maybe(
      v.array(
        v.object({ decode_seqs: count, steps: between(0, MOST_TOKENS), mean_seconds: v.optional(nonNegative) }, OBJECT),
        'must be an array',
      ),
    ),
  },
  OBJECT,
);

const shared = {
  /** The estimator: `step-clock`, `steps`, ... */
  algo: text(100),
  /** The model that was fitted: `linear`, `kv`, ... */
  model: maybe(text(100)),
  identifiability: maybe(identifiability),
  diagnostics: maybe(v.record(v.string(), v.unknown(), OBJECT)),
  warnings: maybe(v.array(v.looseObject({ code: text(200), message: text() }, OBJECT), 'must be an array')),
  /** What the fit was made from; `settings` are the engine's own. */
  input: maybe(v.looseObject({ settings: maybe(v.looseObject({ max_num_seqs: maybe(tokens) }, OBJECT)) }, OBJECT)),
};

/** `stepclock/betas@1`: four coefficients at most, by name. */
export const betas1Schema = v.looseObject({
  schema: v.literal('stepclock/betas@1'),
  ...shared,
  /** s/step, s/prefill token, s/decode token, s/token of context. */
  betas: baseBetas,
  intervals: maybe(
    v.looseObject(
      {
        level,
        beta0: maybe(interval),
        beta1: maybe(interval),
        beta2: maybe(interval),
        beta3: maybe(interval),
        /** Of (beta0, beta1, beta2[, beta3]), row by row. */
        covariance: maybe(covariance),
      },
      OBJECT,
    ),
  ),
});

const term = v.looseObject(
  {
    /** In the catalogue of terms: `step`, `prefill_tokens`, ... */
    name: text(200),
    unit: text(100),
    value: seconds,
    interval: v.nullable(interval),
  },
  OBJECT,
);

/** The fitted model as a file, `stepclock/betas@2`: seconds, and what predicts, replays and exports from them must know. */
export const betasSchema = v.looseObject({
  schema: v.literal('stepclock/betas@2'),
  ...shared,
  /** The level of the evidence that was used: a step log, token times, phase times. */
  evidence: maybe(text(100)),
  /** The first four terms, repeated, by the names by which the field knows them. */
  betas: baseBetas,
  terms: v.pipe(v.array(term, 'must be an array of terms'), v.minLength(1, 'must have a term')),
  /** Of the terms, in their order, row by row; null where it is not known. */
  covariance: v.nullable(covariance),
  /** Level of the intervals, and those of the first four terms, repeated; null where there are none. */
  intervals: v.nullable(
    v.looseObject(
      { level, beta0: maybe(interval), beta1: maybe(interval), beta2: maybe(interval), beta3: maybe(interval) },
      OBJECT,
    ),
  ),
  /** The sums that the fit was made from, `stepclock/windows@1`. */
  windows: maybe(windowsSchema),
  /** What lies between a client and the engine: seconds a request, and a prompt token. */
  overhead: maybe(
    v.looseObject(
      {
        seconds: baseSeconds,
        seconds_per_prompt_token: v.optional(baseSeconds),
        standard_error: v.optional(baseSeconds),
      },
      OBJECT,
    ),
  ),
  /** How the engine of the log plans its steps, by a replay of the log; who decided: the log's own times, its settings, or nobody. */
  scheduling: maybe(
    v.looseObject(
      {
        async_scheduling: maybe(v.boolean('must be true or false')),
        reserve_full_prompt: maybe(v.boolean('must be true or false')),
        decided_by: maybe(v.record(v.string(), text(100), OBJECT)),
      },
      OBJECT,
    ),
  ),
  /**
   * Where requests were preempted: the factor by which replays of the log changed the time of their steps, and the
   * share by which their tokens came late, as fitted and refined.
   */
  refinement: maybe(
    v.looseObject(
      {
        factor: between(0.1, 10),
        replays: v.optional(tokens),
        late: v.optional(v.array(between(-WIDEST, WIDEST))),
      },
      OBJECT,
    ),
  ),
  /** Tokens of a prompt that the log does not know (a template); negative: found in a cache. */
  prompt_offset_tokens: maybe(between(-MOST_TOKENS, MOST_TOKENS)),
  /** What a step holds: prefill beside decodes, or prefill first and alone. */
  policy: maybe(v.picklist(['mixed', 'prefill-first'], "must be 'mixed' or 'prefill-first'")),
  /** Limits of one engine, and how many serve side by side. */
  limits: maybe(
    v.looseObject(
      {
        max_num_batched_tokens: maybe(tokens),
        max_num_seqs: maybe(tokens),
        kv_tokens: maybe(tokens),
        chunk_size: maybe(tokens),
        data_parallel_size: maybe(tokens),
      },
      OBJECT,
    ),
  ),
});

type ReadOnly<T> = T extends object ? { readonly [K in keyof T]: ReadOnly<T[K]> } : T;

/** A betas file, of the newest version. */
export type BetasFile = ReadOnly<v.InferOutput<typeof betasSchema>>;
