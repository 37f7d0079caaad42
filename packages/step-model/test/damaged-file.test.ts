import { runScenario } from '@stepclock/engine-sim';
import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
  betasFileOf,
  betasOfFile,
  exportFormats,
  exportModel,
  holdOutError,
  parseBetasFile,
  predictStepTime,
  replay,
} from '../src/index.js';

const { requests, phases } = runScenario('kv', { requests: 20 });
const span = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

const variances = [1e-10, 1e-14, 1e-12, 1e-18, 1e-10, 1e-14];
const base = {
  algo: 'step-clock',
  model: 'terms',
  intervals: {
    level: 0.95,
    byLabel: { beta0: [0.0059, 0.0061], prefill_step: [-0.0001, 0.005] },
    covariance: variances.map((variance, i) => variances.map((_, j) => (i === j ? variance : 0))),
  },
  identifiability: {
    conditionNumber: 19,
    compositions: { prefillTokens: [0, 2048], decodeSeqs: [1, 32], contextTokens: [0, 27_000] },
    batches: [{ decodeSeqs: 8, steps: 400 }],
  },
  diagnostics: { r2: 0.99 },
  warnings: [{ code: 'a', message: 'b' }],
  input: { settings: { maxNumSeqs: 32, model: 'm' } },
  overhead: { seconds: 0.03, secondsPerPromptToken: 1e-6 },
  promptOffsetTokens: -3,
  policy: 'mixed',
  limits: { maxNumSeqs: 32, dataParallelSize: 1 },
} as const;
const newest: object = betasFileOf({
  ...base,
  betas: { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, beta3: 1e-7, prefill_step: 0.002, decode_seqs_over_16: -1e-6 },
});
const oldest: object = {
  schema: 'stepclock/betas@1',
  algo: 'step-clock',
  betas: { beta0: 0.006, beta1: 2e-5, beta2: 1e-4, beta3: 1e-7 },
  intervals: {
    level: 0.95,
    beta0: [0.0059, 0.0061],
    beta3: [0, 2e-7],
    covariance: [1e-10, 0, 0, 1e-16].map((variance, i) => [0, 1, 2, 3].map((j) => (i === j ? variance : 0))),
  },
  identifiability: { condition_number: 19, compositions: { prefill_tokens: [0, 2048], decode_seqs: [1, 32] } },
  input: { settings: { max_num_seqs: 32 } },
};

type Path = readonly string[];

/** Every field, objects and arrays as well as what is in them. */
const pathsOf = (value: unknown, path: Path = []): readonly Path[] =>
  typeof value === 'object' && value !== null
    ? [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))]
    : [path];

const MISSING = Symbol('missing');
const damages: readonly unknown[] = [null, 'text', 'NaN', 1e308, -1e308, -1, 0, 1.5, [], {}, true, MISSING];

const damaged = (value: unknown, [key, ...rest]: Path, by: unknown): unknown => {
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    const items = value.map((item, i) => (String(i) === key ? damaged(item, rest, by) : item));
    return items.filter((item) => item !== MISSING);
  }
  const entries = Object.entries(value ?? {}).map(([k, inner]) => [k, k === key ? damaged(inner, rest, by) : inner]);
  return Object.fromEntries(entries.filter(([, inner]) => inner !== MISSING));
};

/** What every consumer makes of a file: a text of numbers, or its refusal. */
const outcomes = (text: string): readonly string[] => {
  const refusal = (run: () => string): string => {
    try {
      return run();
    } catch (error) {
      if (!isFault(error)) throw error;
      expect(error.code).toMatch(/^(step-model|step-cost|engine-sim)\//);
      return error.message;
    }
  };
  const model = (use: (file: ReturnType<typeof parseBetasFile>) => string) =>
    refusal(() => use(parseBetasFile(text, 'b.json')));
  return [
    model((file) => {
      const { durationSec, intervalSec } = predictStepTime(file, {
        prefillTokens: 1e9,
        decodeSeqs: 1e9,
        contextTokens: 1e9,
      });
      return `${durationSec} ${intervalSec}`;
    }),
    model((file) => {
      const figures = Object.values(replay(requests, betasOfFile(file)).metrics).flatMap((metric) =>
        Object.values(metric),
      );
      return figures.flatMap((figure) => Object.values(figure)).join(' ');
    }),
    model((file) => JSON.stringify(Object.values(holdOutError(phases, betasOfFile(file), span)).map(String))),
    ...exportFormats.map((format) => model((file) => exportModel(file, format).text)),
  ];
};

describe.each([
  ['the newest', newest],
  ['the oldest', oldest],
])('a betas file of %s version of which one field is damaged', (_, file) => {
  it('is read when it is whole, also with more in it', () => {
    const text = JSON.stringify({ ...file, more: { than: [1, null] }, terms_of_use: 'x' });
    expect(outcomes(text)[0]).toMatch(/^\d+/);
  });

  it('gives finite numbers or a refusal that names what is wrong, whichever field it is', () => {
    let refused = 0;
    for (const path of pathsOf(file)) {
      for (const by of damages) {
        const text = JSON.stringify(damaged(file, path, by === MISSING && path.length === 0 ? null : by));
        const [first, ...others] = outcomes(text);
        const said = [first, ...others].join('\n').replaceAll(/got "?(NaN|nothing)"?|"NaN"/g, '');
        if (/NaN|Infinity|undefined|\[object/.test(said)) {
          expect.fail(
            `${path.join('.')} = ${String(by)}: ${/.*(?:NaN|Infinity|undefined|\[object).*/.exec(said)?.[0]}`,
          );
        }
        if (first?.includes(': must ')) refused++;
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('with an infinite number is refused', () => {
    const text = JSON.stringify(file).replace(/"beta0":0.006/, '"beta0":1e999');
    expect(() => parseBetasFile(text, 'b.json')).toThrow(
      'betas.beta0: must be a number from 0 to 1000000; got Infinity',
    );
  });
});
