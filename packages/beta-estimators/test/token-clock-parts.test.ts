import '@stepclock/vitest-matchers';
import { drawWorkload, simulate, tokenTimes } from '@stepclock/engine-sim';
import { streamedRun } from '@stepclock/made-data';
import type { TokenTable } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateTokenClock } from '../src/index.js';
import { refuseSeveralClocks } from '../src/token-clock/report/several-clocks.js';
import { tokenClockWarnings } from '../src/token-clock/report/token-clock-warnings.js';
import { lateBoundaries } from '../src/token-clock/rows/late-boundaries.js';
import { rowLength } from '../src/token-clock/rows/row-length.js';
import { tokenSequences } from '../src/token-clock/sequences/token-sequences.js';

interface Request {
  readonly sent: number;
  readonly prompt: number;
  readonly output: number;
  readonly chunks: readonly number[];
}

const tableOf = (requests: readonly Request[], more: Partial<TokenTable> = {}): TokenTable => {
  const chunkOffsets = new Uint32Array(requests.length + 1);
  for (const [r, { chunks }] of requests.entries()) chunkOffsets[r + 1] = chunkOffsets[r] + chunks.length;
  return {
    requestCount: requests.length,
    sentSec: Float64Array.from(requests, ({ sent }) => sent),
    promptTokens: Float64Array.from(requests, ({ prompt }) => prompt),
    outputTokens: Float64Array.from(requests, ({ output }) => output),
    chunkOffsets,
    chunkSec: Float64Array.from(requests.flatMap(({ chunks }) => chunks)),
    starts: 'given',
    ...more,
  };
};

const simulated = (requests: number, perSec: number, sameLengths = false): TokenTable => {
  const lengths = (tokens: number) =>
    sameLengths
      ? ({ kind: 'constant', tokens } as const)
      : ({ kind: 'lognormal', mean: tokens, sigma: 0.7, atLeast: 2, atMost: 4000 } as const);
  const workload = drawWorkload({
    requests,
    arrivals: { kind: 'poisson', perSec },
    prompt: lengths(500),
    output: lengths(100),
    seed: 7,
  });
  return tokenTimes(
    simulate(workload, {
      coefficients: { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6, beta3: 1e-7 },
      maxNumBatchedTokens: 2048,
    }),
  );
};

const moved = (table: TokenTable, shift: (request: number) => number): TokenTable => {
  const chunkSec = table.chunkSec.slice();
  for (let r = 0; r < table.requestCount; r++) {
    for (let i = table.chunkOffsets[r]; i < table.chunkOffsets[r + 1]; i++) chunkSec[i] += shift(r);
  }
  return { ...table, chunkSec, sentSec: table.sentSec.map((sec, r) => sec + shift(r)) };
};

describe('how chunks follow steps', () => {
  const steady = (from: number, count: number, gap: number) => Array.from({ length: count }, (_, i) => from + i * gap);

  it('a chunk that comes ahead of the first token, with a role alone, is no token', () => {
    const sequences = tokenSequences(
      tableOf([{ sent: 0, prompt: 5, output: 4, chunks: [1, 1.0001, 1.01, 1.02, 1.03] }]),
    );
    expect(sequences.roleChunks).toBe(1);
    expect(sequences.firstChunk[0]).toBe(1);
  });

  it('as many chunks as every fourth token makes are chunks of four steps', () => {
    const requests = [9, 13, 22].map((output, r) => ({
      sent: r,
      prompt: 5,
      output,
      chunks: steady(r + 1, 1 + Math.ceil((output - 1) / 4), 0.04),
    }));
    expect(tokenSequences(tableOf(requests))).toMatchObject({ chunks: { kind: 'interval', steps: 4 } });
  });

  it('fewer chunks than tokens without such a rule are merged, and many fewer are drafts that were accepted', () => {
    const of = (chunks: number) =>
      tokenSequences(
        tableOf([1, 2].map((sent) => ({ sent, prompt: 5, output: 100, chunks: steady(sent, chunks, 0.01) }))),
      );
    expect(of(97)).toMatchObject({ mergedChunks: true, speculative: false, chunks: { kind: 'step' } });
    expect(of(70)).toMatchObject({ mergedChunks: true, speculative: true });
    expect(of(100)).toMatchObject({ mergedChunks: false, speculative: false });
  });
});

describe('which ends are late', () => {
  it('those that leave the steps after them less time than they need', () => {
    const fitted = new Float64Array(100).fill(0.01);
    const follows = new Uint8Array(100).fill(1);
    const end = Float64Array.from(fitted, (_, k) => 0.01 * (k + 1));
    // The client stood still for three steps and got their chunks with the fourth.
    for (const k of [40, 41, 42]) end[k] = end[43];
    const late = lateBoundaries(end, fitted, follows);
    expect([...late.keys()].filter((k) => late[k] > 0)).toEqual([40, 41, 42]);
    expect(late[40]).toBeLessThanOrEqual(0.03);
    expect(late[40]).toBeGreaterThan(0.025);
  });

  it('none where steps only vary', () => {
    const fitted = new Float64Array(200).fill(0.01);
    let sec = 0;
    const end = Float64Array.from(fitted, (_, k) => (sec += 0.01 * (1 + 0.02 * Math.sin(k))));
    expect(lateBoundaries(end, fitted, new Uint8Array(200).fill(1)).some((late) => late > 0)).toBe(false);
  });
});

describe('how long rows are', () => {
  const noise = (length: number, step: number): Float64Array =>
    Float64Array.from({ length }, (_, k) => Math.sin(k * k * step));

  it('one step where ends are exact', () => {
    expect(rowLength(noise(5000, 1.7).map((x) => x * 1e-3)).steps).toBe(1);
  });

  it('as many steps as lateness asks', () => {
    const own = noise(5000, 1.7).map((x) => x * 1e-3);
    const late = noise(5001, 2.3).map((x) => x * 1e-3);
    const { steps, latenessSec } = rowLength(own.map((r, k) => r + late[k + 1] - late[k]));
    // Equal variances: 6 s^2 < m v.
    expect(steps).toBeGreaterThanOrEqual(5);
    expect(steps).toBeLessThanOrEqual(8);
    expect(latenessSec).toAgree(1e-3 / Math.SQRT2, 0.1);
  });
});

describe('what the clock says of a log', () => {
  it('the same for any order of the requests, and for times moved as a whole', () => {
    const table = simulated(120, 6);
    const { betas } = estimateTokenClock(table);
    const back = [...Array(table.requestCount).keys()].reverse();
    const reversed = tableOf(
      back.map((r) => ({
        sent: table.sentSec[r],
        prompt: table.promptTokens[r],
        output: table.outputTokens[r],
        chunks: [...table.chunkSec.subarray(table.chunkOffsets[r], table.chunkOffsets[r + 1])],
      })),
    );
    for (const other of [reversed, moved(table, () => 1000)]) {
      const again = estimateTokenClock(other).betas;
      for (const label of Object.keys(betas)) expect(again[label]).toAgree(betas[label], 1e-6);
    }
  });

  it('stretched time stretches every coefficient', () => {
    const table = simulated(120, 6);
    const slow = {
      ...table,
      chunkSec: table.chunkSec.map((sec) => 3 * sec),
      sentSec: table.sentSec.map((sec) => 3 * sec),
    };
    const { betas } = estimateTokenClock(table);
    const stretched = estimateTokenClock(slow).betas;
    for (const label of Object.keys(betas)) expect(stretched[label]).toAgree(3 * betas[label], 1e-6);
  });

  it('prompts that are 128 tokens shorter for the engine are found, and taken for cached', () => {
    const table = simulated(300, 6);
    const longer = { ...table, promptTokens: table.promptTokens.map((prompt) => prompt + 128) };
    const { clock, betas, warnings } = estimateTokenClock(longer, { tokenBudget: 2048 });
    expect(clock.shiftedTokens).toBe(-128);
    expect(betas.beta1).toAgree(20e-6, 0.01);
    expect(warnings.map(({ code }) => code)).toContain('prompt-offset');
  });

  it('one user determines sums only, and no interval is claimed for their parts', () => {
    const table = simulated(60, 0.005, true);
    const { clock, intervals, betas, warnings } = estimateTokenClock(table);
    expect(warnings.map(({ code }) => code)).toContain('only-sums');
    expect(clock.onlySums).toContain('beta0');
    expect(intervals?.byLabel.beta0 ?? null).toBeNull();
    expect(betas.beta0 + betas.beta2 + 550 * betas.beta3).toAgree(6e-3 + 120e-6 + 550e-7, 0.002);
  });

  it('nothing is warned of on a clean log', () => {
    expect(estimateTokenClock(simulated(300, 6)).warnings).toEqual([]);
  });

  it('a client that stands still, and empties its connections one after another, is no preemption and makes no steps', () => {
    const table = simulated(300, 10);
    const still = (sec: number, request: number): number => {
      for (const from of [4, 9, 16, 22]) {
        // A connection holds so much at once; the rest comes half a second later.
        const endsSec = [from + 0.6, from + 1.1];
        if (sec > from && sec < endsSec[0]) return endsSec[request % 3 === 0 ? 1 : 0] + request * 1e-5;
        if (sec > endsSec[0] && sec < endsSec[1]) return endsSec[1] + request * 1e-5;
      }
      return sec;
    };
    const chunkSec = table.chunkSec.slice();
    for (let r = 0; r < table.requestCount; r++) {
      for (let i = table.chunkOffsets[r]; i < table.chunkOffsets[r + 1]; i++) chunkSec[i] = still(chunkSec[i], r);
    }
    const { clock, warnings } = estimateTokenClock({ ...table, chunkSec });
    const clean = estimateTokenClock(table).clock;
    expect(clock.preemptions).toBe(0);
    expect(warnings.map(({ code }) => code)).not.toContain('preemption');
    expect(clock.steps).toAgree(clean.steps, 0.04);
  });

  it('chunks that are held back are no preemption', () => {
    const { tokens } = streamedRun(
      { perSec: 8, engine: { maxNumBatchedTokens: 2048, stepNoise: 0.05 }, client: { heldBack: 0.1, jitterSec: 5e-4 } },
      3,
    );
    expect(estimateTokenClock(tokens).warnings).toEqual([]);
  });

  it('who sits out and is computed anew is preempted, on a noisy engine as well', () => {
    const engine = { maxNumBatchedTokens: 2048, kvTokens: 12_000, stepNoise: 0.05 };
    const { tokens, simulation } = streamedRun({ perSec: 12, engine, client: { jitterSec: 5e-4 } }, 3);
    const { clock, warnings, betas } = estimateTokenClock(tokens);
    expect(warnings.map(({ code }) => code)).toContain('preemption');
    expect(clock.preemptions).toAgree(simulation.tokenSteps.length - tokens.requestCount, 0.2);
    expect(betas.beta0 + 8 * betas.beta2).toAgree(6e-3 + 8 * 120e-6, 0.05);
  });

  it('the step log conserves prompts and shows who decoded', () => {
    const table = simulated(120, 6);
    const { steps } = estimateTokenClock(table);
    const sum = (column: ArrayLike<number>) => Array.from(column).reduce((a, b) => a + b, 0);
    expect(sum(steps.prefillTokens)).toBe(sum(table.promptTokens));
    expect(sum(steps.prefillRequests)).toBe(table.requestCount);
    expect(sum(steps.decodeSeqs)).toBe(sum(table.outputTokens) - table.requestCount);
    for (let k = 0; k < steps.length; k++) expect(steps.endSec[k]).toBeGreaterThan(steps.startSec[k]);
  });
});

describe('what is refused', () => {
  it('requests on clocks of their own', () => {
    const table = moved(simulated(200, 10), (r) => ((r * 7919) % 1000) / 1000);
    expect(() => estimateTokenClock(table)).toThrow(/token times: must line up .*only first and last tokens/);
  });

  it('two clocks of one engine: the groups are no engines, for prompts of one stall the other', () => {
    const table = moved(simulated(200, 8), (r) => (r % 2) * 0.003);
    expect(() => estimateTokenClock(table)).toThrow(/token times: must be of one clock, or of engines whose steps/);
  });

  it('groups without start times: no clocks are blamed, and one engine is not ruled out', () => {
    const split = { engines: 3, stalledShare: 0.05 };
    expect(() => refuseSeveralClocks({ ...split, starts: 'rebuilt' })).toThrow(
      /no start times, and those rebuilt likely split/,
    );
    expect(() => refuseSeveralClocks({ ...split, starts: 'given' })).toThrow(/seen by several clocks/);
    const { clock } = estimateTokenClock(simulated(100, 8));
    const [given] = tokenClockWarnings({ ...clock, engines: 3 });
    const [rebuilt] = tokenClockWarnings({ ...clock, engines: 3, starts: 'rebuilt' });
    expect(given.message).toMatch(/several engines behind one client$/);
    expect(rebuilt.message).toMatch(/, or one whose requests the rebuilt starts put apart$/);
  });

  it('chunks by a timer', () => {
    const table = simulated(200, 8);
    const chunkSec: number[] = [];
    const chunkOffsets = [0];
    for (let r = 0; r < table.requestCount; r++) {
      const times = table.chunkSec.subarray(table.chunkOffsets[r], table.chunkOffsets[r + 1]);
      const late = [...times].map((sec) => table.sentSec[r] + Math.ceil((sec - table.sentSec[r]) / 0.05) * 0.05);
      chunkSec.push(...new Set(late));
      chunkOffsets.push(chunkSec.length);
    }
    const timed = { ...table, chunkSec: Float64Array.from(chunkSec), chunkOffsets: Uint32Array.from(chunkOffsets) };
    expect(() => estimateTokenClock(timed)).toThrow(/token times: must follow the engine's steps.* by a timer/);
  });

  it('texts split anew: as many chunks as words, of a few tokens each, at times that are no steps', () => {
    const table = simulated(200, 8);
    const chunkSec: number[] = [];
    const chunkOffsets = [0];
    for (let r = 0; r < table.requestCount; r++) {
      const times = table.chunkSec.subarray(table.chunkOffsets[r], table.chunkOffsets[r + 1]);
      // A word of one to three tokens is sent some time between its last token and the next.
      for (let i = 0; i < times.length; i += 1 + ((i * 7919 + r) % 3)) {
        const next = i + 1 < times.length ? times[i + 1] : times[i];
        chunkSec.push(times[i] + (((i * 104729 + r * 31) % 97) / 97) * (next - times[i]));
      }
      chunkOffsets.push(chunkSec.length);
    }
    const split = { ...table, chunkSec: Float64Array.from(chunkSec), chunkOffsets: Uint32Array.from(chunkOffsets) };
    expect(() => estimateTokenClock(split)).toThrow(/token times: must .*only first and last tokens can be used/);
  });

  it('gaps of shuffled requests', () => {
    const table = simulated(200, 10);
    const sentSec = table.sentSec.map((_, r) => table.sentSec[(r * 77) % table.requestCount]);
    const shuffled = moved(table, (r) => sentSec[r] - table.sentSec[r]);
    expect(() => estimateTokenClock({ ...shuffled, sentSec })).toThrow(/token times: must line up/);
  });

  it('requests of one chunk', () => {
    expect(() => estimateTokenClock(tableOf([{ sent: 0, prompt: 5, output: 9, chunks: [1] }]))).toThrow(
      'token times: must hold requests of several chunks; got "1 chunks of 1 requests"',
    );
  });

  it('too short a log', () => {
    const chunks = [1, 1.01, 1.02];
    expect(() => estimateTokenClock(tableOf([{ sent: 0, prompt: 5, output: 3, chunks }]))).toThrow(
      'token times: must give more than 5 rows',
    );
  });

  it('starts that cannot be rebuilt within the time that the run took', () => {
    const table = simulated(100, 8);
    const alone = moved(table, (r) => -table.sentSec[r]);
    // Gaps of every request stretched by a factor of its own: no sequence fits another.
    const chunkSec = alone.chunkSec.slice();
    for (let r = 0; r < table.requestCount; r++) {
      for (let i = table.chunkOffsets[r]; i < table.chunkOffsets[r + 1]; i++) chunkSec[i] *= 1 + (r % 17) / 3;
    }
    const unknown: TokenTable = { ...alone, chunkSec, starts: 'unknown', durationSec: 12 };
    expect(() => estimateTokenClock(unknown)).toThrow(
      /within a run of 12.0 s.*no start times, and the gaps between its tokens do not give them/,
    );
  });

  it('starts that put within a moment what took the whole run', () => {
    const table = simulated(100, 8);
    const alone = moved(table, (r) => -table.sentSec[r]);
    const unknown: TokenTable = { ...alone, starts: 'unknown', durationSec: 100 * Math.max(...table.chunkSec) };
    expect(() => estimateTokenClock(unknown)).toThrow(
      /within a run of .* by the starts rebuilt.*no start times, and the gaps between its tokens do not give them/,
    );
  });
});
