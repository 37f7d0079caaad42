import { isFault } from '@stepclock/faults';
import { JsonReader } from '@stepclock/regression';
import { Token2MetricsError } from '../token2metrics-error.js';
import small from './1.5b.json' with { type: 'json' };
import medium from './8b.json' with { type: 'json' };
import large from './14b.json' with { type: 'json' };

/** What is known of a model before anything is measured. */
export interface Configuration {
  /** What `--model` takes. */
  readonly name: string;
  readonly title: string;
  /** Names that data files and sheets give to the model; case does not count. */
  readonly aliases: readonly string[];
  readonly parameters?: number;
  /** Tokens that the engine pads a prompt to a multiple of; 1 for none. */
  readonly promptPaddingTokens: number;
}

/** @throws Token2MetricsError `token2metrics/bad-model` */
export const configurationFromJSON = (value: unknown, file = 'configuration'): Configuration => {
  try {
    const reader = JsonReader.of(value, 'configuration');
    const padding = reader.count('prompt_padding_tokens');
    if (padding < 1) throw reader.fault('prompt_padding_tokens', 'must be at least 1');
    return {
      name: reader.string('name'),
      title: reader.has('title') ? reader.string('title') : reader.string('name'),
      aliases: reader.has('aliases') ? reader.strings('aliases') : [],
      ...(reader.has('parameters') ? { parameters: reader.number('parameters') } : {}),
      promptPaddingTokens: padding,
    };
  } catch (error) {
    if (!isFault(error, 'regression')) throw error;
    throw new Token2MetricsError('token2metrics/bad-model', error.message, { file, value: error.value });
  }
};

/** The configurations that come with the package. Add your own as objects or JSON files of the same shape. */
export const CONFIGURATIONS: readonly Configuration[] = [small, medium, large].map((value) =>
  configurationFromJSON(value),
);

const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();

const isCalled = ({ name, title, aliases }: Configuration, called: string): boolean =>
  [name, title, ...aliases].some((alias) => same(alias, called));

/** The configuration that a model's name in a data file stands for, or undefined. */
export const configurationFor = (called: string, configurations = CONFIGURATIONS): Configuration | undefined =>
  configurations.find((configuration) => isCalled(configuration, called));

/** @throws Token2MetricsError `token2metrics/unknown-model` with the names that are known */
export const requireConfiguration = (called: string, configurations = CONFIGURATIONS): Configuration => {
  const found = configurationFor(called, configurations);
  if (found) return found;
  const known = configurations.map(({ name }) => name).join(', ');
  throw new Token2MetricsError('token2metrics/unknown-model', `model: must be one of ${known}; got '${called}'`, {
    value: called,
    expected: known,
  });
};
