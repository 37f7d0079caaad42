import { seededRandom } from '@stepclock/numerics';
import type { TokenTable } from '@stepclock/trace-io';
import { engineSimFault } from './engine-sim-fault.js';
import type { Simulation } from './simulate.js';

/** What a streaming client makes of the tokens. */
export interface TokenTimesOptions {
  /** Mean lateness of a chunk at the client, s; exponential, drawn for every chunk. Default 0. */
  readonly jitterSec?: number;
  /** What lies between a client and the engine, s: requests are sent so much before they arrive. Default 0. */
  readonly overheadSec?: number;
  /** Part of the tokens that are held back and come with the next chunk (text that is not yet whole). Default 0. */
  readonly heldBack?: number;
  /** Steps between two chunks: the first token at once, then every so many tokens, the last ones at the end. Default 1. */
  readonly interval?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * A simulation as a streaming client logs it: when each chunk of each request arrived.
 *
 * @throws Fault `engine-sim/bad-option`
 */
export const tokenTimes = (run: Simulation, options: TokenTimesOptions = {}): TokenTable => {
  const { jitterSec = 0, overheadSec = 0, heldBack = 0, interval = 1, seed = 0 } = options;
  for (const [name, value] of Object.entries({ jitterSec, overheadSec, heldBack })) {
    if (!(value >= 0 && value < Infinity)) refuse(name, 'must be a finite number of at least 0', value);
  }
  if (!(heldBack < 1)) refuse('heldBack', 'must be below 1', heldBack);
  if (!(Number.isSafeInteger(interval) && interval >= 1)) refuse('interval', 'must be a whole number >= 1', interval);
  const { requests, steps, tokenSteps } = run;
  const late = seededRandom(seed, 'client-jitter');
  const hold = seededRandom(seed, 'held-back');
  const jitter = (): number => (jitterSec === 0 ? 0 : -jitterSec * Math.log(1 - late()));
  const endSec = (step: number): number => steps.startSec[step] + steps.durationSec[step];
  const tokenSec = requests.outputTokens.reduce((sum, tokens) => sum + tokens, 0);
  const all = new Float64Array(tokenSec);
  const tokenOffsets = offsetsOf(requests.outputTokens);
  const counts = new Uint32Array(requests.length);
  for (let i = 0; i < tokenSteps.length; i++) {
    const r = tokenSteps.request[i];
    for (let step = tokenSteps.from[i]; step <= tokenSteps.to[i]; step++) {
      // A step without decodes moves nobody but those whose prompts it ends.
      if (step === tokenSteps.from[i] || steps.decodeTokens[step] > 0)
        all[tokenOffsets[r] + counts[r]++] = endSec(step);
    }
  }
  const chunkSec = new Float64Array(all.length);
  const chunkOffsets = new Uint32Array(requests.length + 1);
  let at = 0;
  for (let r = 0; r < requests.length; r++) {
    const start = at;
    for (let j = 0; j < counts[r]; j++) {
      const last = j === counts[r] - 1;
      const shown = j === 0 || last || (j % interval === 0 && !(heldBack > 0 && hold() < heldBack));
      if (!shown) continue;
      const sec = all[tokenOffsets[r] + j] + jitter();
      // A client reads a connection in order.
      chunkSec[at] = at > start ? Math.max(sec, chunkSec[at - 1]) : sec;
      at++;
    }
    chunkOffsets[r + 1] = at;
  }
  return {
    requestCount: requests.length,
    sentSec: requests.arrivalSec.map((sec) => sec - overheadSec),
    promptTokens: requests.promptTokens,
    outputTokens: requests.outputTokens,
    ...(requests.cachedTokens && { cachedTokens: requests.cachedTokens }),
    chunkOffsets,
    chunkSec: chunkSec.slice(0, at),
    starts: 'given',
  };
};

const offsetsOf = (counts: ArrayLike<number>): Uint32Array => {
  const offsets = new Uint32Array(counts.length + 1);
  for (let r = 0; r < counts.length; r++) offsets[r + 1] = offsets[r] + counts[r];
  return offsets;
};

const refuse = (what: string, rule: string, value: unknown): never => {
  throw engineSimFault('engine-sim/bad-option', { what, rule, value });
};
