import { phaseTableFrom } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { settingsWarnings } from '../src/index.js';
import { decodesAtOnce } from '../src/serving/settings-warnings.js';

const decodes = (times: readonly (readonly [number, number])[]) =>
  phaseTableFrom(
    times.map(([t_start, t_end], i) => ({
      request_id: `r${i}`,
      phase_type: 'decode',
      t_start,
      t_end,
      prefill_tokens: 0,
      decode_tokens: 5,
    })),
  );

describe('decodesAtOnce', () => {
  it('counts by a sweep; one that ends as another starts makes room', () => {
    expect(
      decodesAtOnce(
        decodes([
          [0, 4],
          [4, 8],
          [2, 6],
        ]),
        1,
      ),
    ).toEqual({ most: 2, shareAbove: 0.5 });
    expect(
      decodesAtOnce(
        decodes([
          [0, 1],
          [5, 6],
        ]),
        1,
      ),
    ).toEqual({ most: 1, shareAbove: 0 });
    expect(decodesAtOnce(decodes([]), 1)).toEqual({ most: 0, shareAbove: 0 });
  });
});

describe('settingsWarnings', () => {
  const log = { has: ['prompt', 'output'] as const };
  const said = (
    settings: Parameters<typeof settingsWarnings>[0],
    facts: Parameters<typeof settingsWarnings>[1] = log,
  ) => settingsWarnings(settings, facts, undefined).map(({ message }) => message);

  it('says nothing of settings that change no meaning', () => {
    expect(said({ maxNumSeqs: 8, maxNumBatchedTokens: 512, prefixCaching: false, chunkedPrefill: true })).toEqual([]);
  });

  it('says of each setting what it does to the result', () => {
    expect(said({ dataParallelSize: 2 })[0]).toContain('2 data-parallel ranks');
    expect(said({ pipelineParallelSize: 4 })[0]).toContain('up to 4 times as long');
    expect(said({ speculation: true })[0]).toContain('several tokens of a request');
    expect(said({ speculation: true }, { has: ['decode-steps'] })).toEqual([]);
    expect(said({ prefixCaching: true })[0]).toContain('prefix caching is on');
    expect(said({ prefixCaching: true }, { has: ['cached'] })).toEqual([]);
    expect(
      settingsWarnings({ prefixCaching: true }, log, undefined, { warnings: [{ code: 'prompt-offset', message: '' }] }),
    ).toEqual([]);
    expect(said({ chunkedPrefill: false })[0]).toContain('prompts are computed whole');
    expect(said({ schedulingPolicy: 'priority' })[0]).toContain('by priority');
  });

  it('token times tell engines and drafts by themselves', () => {
    expect(
      settingsWarnings({ dataParallelSize: 2, speculation: true }, log, undefined, { evidence: 'tokens' }),
    ).toEqual([]);
  });

  it('decodes above max_num_seqs: the settings are of another engine', () => {
    const three = decodes([
      [0, 4],
      [1, 5],
      [2, 6],
    ]);
    const [warning] = settingsWarnings({ maxNumSeqs: 2 }, log, three);
    expect(warning?.code).toBe('engine-settings');
    expect(warning?.message).toContain(
      'up to 3 decodes are under way at once (33 % of the time more than max_num_seqs 2)',
    );
    expect(settingsWarnings({ maxNumSeqs: 3 }, log, three)).toEqual([]);
  });
});
