import { BLOCK_TOKENS, type EngineLimits } from '@stepclock/engine-sim';
import type { RequestTable } from '@stepclock/trace-io';
import { stepModelFault } from '../step-model-fault.js';

/** What would be different. */
export interface Change {
  /** Requests arrive so many times as fast; clients of a closed loop are so many times as many. Default 1. */
  readonly rate?: number;
  /** Outputs are so many times as long. Default 1. */
  readonly outputs?: number;
  /** Prompts are so many times as long. Default 1. */
  readonly prompts?: number;
  /** Share of every prompt that a prefix cache finds, in whole blocks, instead of what the log says. */
  readonly prefixHit?: number;
  /** Blocks at the beginning of every prompt that a prefix cache finds, such as those of a system prompt, instead of what the log says. */
  readonly prefixBlocks?: number;
  /** Limits and rules of the engine. */
  readonly limits?: Pick<
    EngineLimits,
    'maxNumSeqs' | 'maxNumBatchedTokens' | 'kvTokens' | 'chunkSize' | 'dataParallel' | 'prefillFirst'
  >;
}

const FACTORS = { rate: [1e-3, 1e3], outputs: [0.01, 100], prompts: [0.01, 100] } as const;
const EXAMPLE = 'such as "rate=x2 max-num-seqs=64 prefix-hit=0.5 outputs=x1.3"';
const LARGEST = 1e9;

const bad = (what: string, rule: string, value: string) =>
  stepModelFault('step-model/bad-change', { what: `change, ${what}`, rule, value, hint: EXAMPLE });

const LIMITS = {
  'max-num-seqs': 'maxNumSeqs',
  'max-num-batched-tokens': 'maxNumBatchedTokens',
  'kv-tokens': 'kvTokens',
  'chunk-size': 'chunkSize',
  'data-parallel': 'dataParallel',
} as const;

/** Names of changes, as {@link parseChange} reads them. */
const CHANGES: readonly string[] = [
  ...Object.keys(FACTORS),
  'prefix-hit',
  'prefix-blocks',
  ...Object.keys(LIMITS),
  'policy',
];

const decimal = (word: string): number => (/^\d{1,15}(?:\.\d{1,15})?$/.test(word) ? Number(word) : Number.NaN);

const isKey = <Keys extends object>(name: PropertyKey, keys: Keys): name is keyof Keys => Object.hasOwn(keys, name);

const oneChange = (clause: string): Change => {
  const [name, word, ...more] = clause.toLowerCase().split('=');
  if (word === undefined || word === '' || more.length > 0) throw bad('clause', 'must be NAME=VALUE', clause);
  if (isKey(name, FACTORS)) {
    const [least, most] = FACTORS[name];
    const factor = decimal(word.replace(/^x/, ''));
    if (!(word.startsWith('x') && factor >= least && factor <= most)) {
      throw bad(name, `must be a factor from x${least} to x${most}`, word);
    }
    return { [name]: factor };
  }
  if (isKey(name, LIMITS)) {
    const value = decimal(word);
    const most = name === 'data-parallel' ? 1024 : LARGEST;
    if (!(Number.isSafeInteger(value) && value >= 1 && value <= most)) {
      throw bad(name, `must be a whole number from 1 to ${most}`, word);
    }
    return { limits: { [LIMITS[name]]: value } };
  }
  if (name === 'prefix-hit') {
    const share = word.endsWith('%') ? decimal(word.slice(0, -1)) / 100 : decimal(word);
    if (!(share >= 0 && share <= 1)) throw bad(name, 'must be a share from 0 to 1, or a percentage', word);
    return { prefixHit: share };
  }
  if (name === 'prefix-blocks') {
    const blocks = decimal(word);
    if (!(Number.isSafeInteger(blocks) && blocks >= 0 && blocks <= LARGEST)) {
      throw bad(name, `must be a whole number of blocks of ${BLOCK_TOKENS} tokens`, word);
    }
    return { prefixBlocks: blocks };
  }
  if (name === 'policy') {
    if (word !== 'mixed' && word !== 'prefill-first') throw bad(name, 'must be mixed or prefill-first', word);
    return { limits: { prefillFirst: word === 'prefill-first' } };
  }
  throw bad('name', `must be one of ${CHANGES.join(', ')}`, name);
};

/**
 * A change from its text: clauses `NAME=VALUE` apart by blanks or commas. `rate`, `outputs` and `prompts` are factors (`x2`), `prefix-hit` a share,
 * `prefix-blocks` blocks of 16 tokens; `max-num-seqs`, `max-num-batched-tokens`, `kv-tokens`, `chunk-size`, `data-parallel` and `policy` are the engine's.
 *
 * @throws Fault `step-model/bad-change`
 *
 * @example
 * parseChange('rate=x2 max-num-seqs=64') // => { rate: 2, limits: { maxNumSeqs: 64 } }
 */
export const parseChange = (text: string): Change => {
  const clauses = text.split(/[\s,]+/).filter((clause) => clause !== '');
  let change: Change = {};
  const seen = new Set<string>();
  for (const clause of clauses) {
    const name = clause.split('=')[0].toLowerCase();
    if (seen.has(name)) throw bad(name, 'must be given once', text);
    seen.add(name);
    const one = oneChange(clause);
    change = {
      ...change,
      ...one,
      ...((change.limits || one.limits) && { limits: { ...change.limits, ...one.limits } }),
    };
  }
  if (change.prefixHit !== undefined && change.prefixBlocks !== undefined) {
    throw bad('prefix-blocks', 'cannot go with prefix-hit', text);
  }
  return change;
};

/** A log's requests as they would be. Times of what happened to them are left out: nobody measured that. */
export const changedRequests = (requests: RequestTable, change: Change): RequestTable => {
  const { rate = 1, outputs = 1, prompts = 1, prefixHit, prefixBlocks } = change;
  const { length, arrivalSec, promptTokens, outputTokens, cachedTokens, decodeSteps } = requests;
  const longer = (tokens: Float64Array, factor: number): Float64Array =>
    factor === 1 ? tokens : tokens.map((n) => Math.max(1, Math.round(factor * n)));
  const prompt = longer(promptTokens, prompts);
  const output = longer(outputTokens, outputs);
  const first = arrivalSec?.reduce((least, sec) => Math.min(least, sec), Infinity) ?? 0;
  // The last token of a prompt is never found in a cache: it puts out the first one of the output.
  const found = (i: number, tokens: number): number =>
    Math.min(prompt[i] - 1, BLOCK_TOKENS * Math.floor(tokens / BLOCK_TOKENS));
  const cached = (): Float64Array | undefined => {
    if (prefixHit !== undefined) return prompt.map((tokens, i) => found(i, prefixHit * tokens));
    if (prefixBlocks !== undefined) {
      return prompt.map((tokens, i) => found(i, Math.min(tokens, BLOCK_TOKENS * prefixBlocks)));
    }
    return cachedTokens?.map((tokens, i) =>
      Number.isNaN(tokens) ? 0 : prompts === 1 ? tokens : found(i, prompts * tokens),
    );
  };
  const inCache = cached();
  const {
    scheduledSec: _,
    firstTokenSec: __,
    lastTokenSec: ___,
    preemptions: ____,
    cachedTokens: _____,
    ...rest
  } = requests;
  return {
    ...rest,
    length,
    promptTokens: prompt,
    outputTokens: output,
    ...(arrivalSec && { arrivalSec: arrivalSec.map((sec) => first + (sec - first) / rate) }),
    ...(inCache && { cachedTokens: inCache }),
    // Speculation finds as many tokens a step as before.
    ...(decodeSteps && outputs !== 1 && { decodeSteps: decodeSteps.map((steps) => Math.round(outputs * steps)) }),
  };
};
