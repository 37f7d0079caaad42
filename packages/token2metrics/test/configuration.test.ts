import { describe, expect, it } from 'vitest';
import {
  CONFIGURATIONS,
  configurationFor,
  configurationFromJSON,
  requireConfiguration,
} from '../src/configurations/configuration.js';
import { thrownBy } from './thrown.js';

const json = {
  name: '32B',
  title: 'Qwen 32B',
  aliases: ['q32', ' q 32 '],
  parameters: 32e9,
  prompt_padding_tokens: 64,
};

describe('configurationFromJSON', () => {
  it('reads all that is known, and fills in what need not be', () => {
    expect(configurationFromJSON(json)).toEqual({
      name: '32B',
      title: 'Qwen 32B',
      aliases: ['q32', ' q 32 '],
      parameters: 32e9,
      promptPaddingTokens: 64,
    });
    expect(configurationFromJSON({ name: '32B', prompt_padding_tokens: 1 })).toEqual({
      name: '32B',
      title: '32B',
      aliases: [],
      promptPaddingTokens: 1,
    });
  });

  it.each([
    [
      { ...json, prompt_padding_tokens: 0 },
      'configuration prompt_padding_tokens: must be a number from 1 to 1000000000; got 0',
    ],
    [{ ...json, prompt_padding_tokens: 1.5 }, 'configuration prompt_padding_tokens: must be a whole number; got 1.5'],
    [{ ...json, name: 7 }, 'configuration name: must be a text; got 7'],
    [{ ...json, aliases: 'q' }, 'configuration aliases: must be an array of texts; got "q"'],
    [
      { ...json, parameters: Number.POSITIVE_INFINITY },
      'configuration parameters: must be a number above 0; got Infinity',
    ],
    [null, 'configuration: must be a model configuration in JSON; got null'],
  ])('refuses %j', (value, message) => {
    expect(thrownBy(() => configurationFromJSON(value, 'own.json'))).toEqual({
      message: `${message} (own.json)`,
      code: 'token2metrics/bad-model',
    });
  });
});

describe('configurationFor', () => {
  const [own, other] = [
    configurationFromJSON(json),
    configurationFromJSON({ ...json, name: 'x', title: 'y', aliases: [] }),
  ];

  it('goes by name, title and aliases, in any case', () => {
    for (const called of ['32b', ' Qwen 32b ', 'Q32', 'q 32']) expect(configurationFor(called, [other, own])).toBe(own);
    expect(configurationFor('q3', [other, own])).toBeUndefined();
    expect(configurationFor('q32')).toBeUndefined();
    expect(
      CONFIGURATIONS.map(({ name, parameters, promptPaddingTokens }) => [name, parameters, promptPaddingTokens]),
    ).toEqual([
      ['1.5B', 1.5e9, 128],
      ['8B', 8e9, 128],
      ['14B', 14e9, 128],
    ]);
  });

  it('may be required', () => {
    expect(requireConfiguration('Q32', [other, own])).toBe(own);
    expect(thrownBy(() => requireConfiguration('q3', [other, own]))).toEqual({
      message: 'model: must be one of x, 32B; got "q3"',
      code: 'token2metrics/unknown-model',
    });
  });
});
