import { runScenario, scenarios } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { betasFileOf, betasOfFile, fitSteps, missWarnings, replay, replayWarnings } from '../src/index.js';

const settings = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
const light = runScenario('budget-2048-light', { requests: 200, seed: 1 });
const heavy = runScenario('budget-2048-bursty', { requests: 200, seed: 2 });
const model = betasFileOf(fitSteps(light.steps, { model: 'linear' }));
const own = (run: typeof light) => replay(run.requests, betasOfFile(model), settings);

describe('the warnings of a replay', () => {
  it('repeat those of the model, and are none within what its fit has seen', () => {
    expect(replayWarnings(model, own(light))).toEqual([]);
    const doubted = { ...model, warnings: [{ code: 'preemption', message: 'some were preempted' }] };
    expect(replayWarnings(doubted, own(light))).toEqual([
      { code: 'preemption', message: 'of the model: some were preempted' },
    ]);
  });

  it('say how much of the time is beyond, and by how much', () => {
    const most = light.steps.decodeTokens.reduce((a, b) => Math.max(a, b), 0);
    const replayed = own(heavy);
    const { durationSec, decodeTokens } = replayed.simulation.steps;
    const sum = (isIn: (i: number) => boolean) => durationSec.reduce((s, sec, i) => (isIn(i) ? s + sec : s), 0);
    const share = (100 * sum((i) => decodeTokens[i] > 1.05 * most)) / sum(() => true);
    const largest = decodeTokens.reduce((a, b) => Math.max(a, b), 0);
    expect(share).toBeGreaterThan(1);
    expect(replayWarnings(model, replayed)).toContainEqual({
      code: 'extrapolation',
      message: `${share.toPrecision(2)} % of the replayed time are steps beyond the ${most} decodes that the fit has seen at most (largest replayed: ${largest})`,
    });
  });

  it('say how much of the time is below the smallest batch of the fit', () => {
    const seen = { ...model.identifiability, compositions: { decode_seqs: [4, 60] as const } };
    const replayed = own(light);
    const { durationSec, decodeTokens } = replayed.simulation.steps;
    const sum = (isIn: (i: number) => boolean) => durationSec.reduce((s, sec, i) => (isIn(i) ? s + sec : s), 0);
    const share = (100 * sum((i) => decodeTokens[i] > 0 && decodeTokens[i] < 4 / 1.05)) / sum(() => true);
    expect(share).toBeGreaterThan(10);
    expect(share).toBeLessThan(95);
    const told = replayWarnings({ ...model, identifiability: seen }, replayed).map(({ message }) => message);
    const smallest = decodeTokens.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Infinity);
    expect(told).toContain(
      `${share.toPrecision(2)} % of the replayed time are steps below the 4 decodes that the fit has seen at least (smallest replayed: ${smallest})`,
    );
  });

  it('say nothing of what the model does not read, or what its file does not tell', () => {
    const codes = (file: typeof model) => replayWarnings(file, own(heavy)).map(({ message }) => message);
    expect(codes(model).join()).not.toContain('context');
    expect(codes({ ...model, identifiability: null })).toEqual([]);
  });
});

describe('a replay that does not come near its log', () => {
  const bursty = scenarios['budget-2048-bursty'];
  const narrow = runScenario({ ...bursty, engine: { ...bursty.engine, maxNumSeqs: 4 } }, { requests: 200, seed: 3 });
  const missed = (limits: object) => missWarnings(replay(narrow.requests, betasOfFile(model), limits));

  it('says which means are off, and which limits would tell', () => {
    expect(missed({ maxNumBatchedTokens: 2048, maxNumSeqs: 4 })).toEqual([]);
    const [warning] = missed({});
    expect(warning?.code).toBe('replay-misses');
    expect(warning?.message).toMatch(
      /mean TTFT \d+ % too short.*: .*give --max-num-batched-tokens and --max-num-seqs;/,
    );
  });

  it('blames a rule or the model where the limits are known', () => {
    expect(missed({ maxNumBatchedTokens: 2048, maxNumSeqs: 256 })[0]?.message).toContain('a rule or a limit');
  });
});
