import { positive, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { fault } from '../fault.js';
import { paddingSchema } from '../regressors/bounds.js';
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

const configurationSchema = v.pipe(
  v.object({
    name: text(200),
    title: v.optional(text(200)),
    aliases: v.optional(v.array(text(200), 'must be an array of texts'), []),
    parameters: v.optional(positive),
    prompt_padding_tokens: paddingSchema,
  }),
  v.transform(
    ({ name, title = name, aliases, parameters, prompt_padding_tokens }): Configuration => ({
      name,
      title,
      aliases,
      ...(parameters === undefined ? {} : { parameters }),
      promptPaddingTokens: prompt_padding_tokens,
    }),
  ),
);

/** @throws Fault `token2metrics/bad-model` with the path of the field */
export const configurationFromJSON = (value: unknown, file?: string): Configuration => {
  const result = v.safeParse(configurationSchema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw fault('bad-model', {
    what: `configuration ${v.getDotPath(issue) ?? ''}`.trim(),
    rule: issue.message.startsWith('must ') ? issue.message : 'must be a model configuration in JSON',
    value: issue.input,
    file,
  });
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

/** @throws Fault `token2metrics/unknown-model` with the names that are known */
export const requireConfiguration = (called: string, configurations = CONFIGURATIONS): Configuration => {
  const found = configurationFor(called, configurations);
  if (found) return found;
  const known = configurations.map(({ name }) => name).join(', ');
  throw fault('unknown-model', { what: 'model', rule: `must be one of ${known}`, value: called });
};
