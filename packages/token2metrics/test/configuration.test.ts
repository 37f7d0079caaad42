import { describe, expect, it } from 'vitest';
import {
  CONFIGURATIONS,
  configurationFor,
  configurationFromJSON,
  requireConfiguration,
  Token2MetricsError,
} from '../src/index.js';
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
    [{ ...json, prompt_padding_tokens: 0 }, 'configuration.prompt_padding_tokens: must be at least 1; got 0', 0],
    [
      { ...json, prompt_padding_tokens: 1.5 },
      'configuration.prompt_padding_tokens: must be a whole number from 0; got 1.5',
      1.5,
    ],
    [{ ...json, name: 7 }, 'configuration.name: must be a string; got 7', 7],
    [{ ...json, aliases: 'q' }, 'configuration.aliases: must be a list; got "q"', 'q'],
    [null, 'configuration: must be an object; got null', null],
  ])('refuses %j', (value, message, wrong) => {
    expect(thrownBy(() => configurationFromJSON(value, 'own.json'))).toEqual({
      name: 'Token2MetricsError',
      message: `${message} (own.json)`,
      code: 'token2metrics/bad-model',
      file: 'own.json',
      value: wrong,
    });
  });

  it('calls what came from no file a configuration, and passes on what is no fault of it', () => {
    expect(() => configurationFromJSON({})).toThrow('(configuration)');
    const broken = new Proxy(
      { ...json },
      {
        get: () => {
          throw new RangeError('the reader itself');
        },
      },
    );
    expect(() => configurationFromJSON(broken)).toThrow(RangeError);
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
      name: 'Token2MetricsError',
      message: "model: must be one of x, 32B; got 'q3'",
      code: 'token2metrics/unknown-model',
      value: 'q3',
      expected: 'x, 32B',
    });
  });
});

describe('Token2MetricsError', () => {
  it('ends its message with the place, as far as it is known', () => {
    const messageOf = (parts: object) => new Token2MetricsError('token2metrics/bad-number', 'rule', parts).message;
    expect(messageOf({})).toBe('rule');
    expect(new Token2MetricsError('token2metrics/bad-number', 'rule').message).toBe('rule');
    expect(messageOf({ file: 'f.csv', line: 3, column: 'c' })).toBe('rule (f.csv:3:c)');
    expect(messageOf({ column: 'c' })).toBe('rule (c)');
    expect(messageOf({ line: 0 })).toBe('rule (0)');
  });
});
