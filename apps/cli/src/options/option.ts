import { decimalNumber } from '@stepclock/trace-io';
import type { Options } from 'yargs';
import { usageFault } from '../session/errors.js';
import type { NumberRule } from './number-rules.js';

/**
 * What an option names, for the one guard that keeps outputs off inputs: a file, tables (files, folders of them, patterns), a trace (with the settings beside it) or a folder of models
 * that is read; a file, a stream (a file, or standard output for `-`) or a folder that is written.
 */
export type Role = 'input' | 'tables' | 'trace' | 'models' | 'file' | 'stream' | 'folder';

/** An option or a positional: what yargs is told of it, and what a verb is given. Undefined means: not on the command line. */
export interface Option<T> {
  readonly yargs: Options;
  readonly role?: Role | undefined;
  /** What the verb is given for what yargs found. */
  readonly parse: (given: unknown, flag: string) => T;
}

export type OptionSet = Readonly<Record<string, Option<unknown>>>;

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : S;

/** What yargs found on the command line, by the name of the option. */
export type Found = Readonly<Record<string, unknown>>;

/** `max-num-seqs` as `maxNumSeqs`. */
export const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What a verb with these options is given. */
export type ArgsOf<Set extends OptionSet> = {
  readonly [Name in keyof Set & string as Camel<Name>]: Set[Name] extends Option<infer T> ? T : never;
};

/** What was found for options, as the verb is given it. `prefix` stands before an option's name in messages. */
export const argsOf = <Set extends OptionSet>(set: Set, found: Found, prefix = '--'): ArgsOf<Set> =>
  // The entries are those of the mapped type, one by one; fromEntries cannot know.
  Object.fromEntries(
    Object.entries(set).map(([name, { parse }]) => [camel(name), parse(found[name], `${prefix}${name}`)]),
  ) as ArgsOf<Set>;

const once = (value: unknown, flag: string): string => {
  if (Array.isArray(value)) throw usageFault(flag, `may be given once; got ${value.length} values`);
  return String(value);
};

/** Text, once. */
export const text = (describe: string, role?: Role): Option<string | undefined> => ({
  yargs: { type: 'string', requiresArg: true, describe },
  role,
  parse: (value, flag) => (value === undefined ? undefined : once(value, flag)),
});

/** One decimal number. */
export const number = (describe: string, { must, accepts }: NumberRule): Option<number | undefined> => ({
  yargs: { type: 'string', requiresArg: true, describe },
  parse: (value, flag) => {
    if (value === undefined) return undefined;
    const word = once(value, flag).trim();
    const x = decimalNumber(word);
    if (!(Number.isFinite(x) && accepts(x))) throw usageFault(flag, `must be ${must}`, word);
    return x;
  },
});

/** Texts that may be given several times, or several in one, apart by commas; none where the option is not given. */
export const list = (describe: string, role?: Role): Option<readonly string[]> => ({
  yargs: { type: 'string', requiresArg: true, describe },
  role,
  parse: (value) =>
    (value === undefined ? [] : [value].flat())
      .flatMap((word) => String(word).split(','))
      .map((word) => word.trim())
      .filter((word) => word !== ''),
});

/** Paths: one after another, or the option several times. */
export const paths = (describe: string, role: Role): Option<readonly string[]> => ({
  yargs: { type: 'string', array: true, requiresArg: true, describe },
  role,
  // Of a positional that is not given, yargs has a list of undefined.
  parse: (value) => [value].flat().flatMap((path) => (path === undefined ? [] : [String(path)])),
});

/** One of some names. */
export const choice = <const T extends string>(names: readonly T[], describe: string): Option<T | undefined> => ({
  yargs: { choices: names, requiresArg: true, describe },
  parse: (value, flag) => {
    if (value === undefined) return undefined;
    const word = once(value, flag);
    return oneOf(names, word, flag);
  },
});

/** Some of some names, apart by commas. */
export const choices = <const T extends string>(names: readonly T[], describe: string): Option<readonly T[]> => {
  const words = list(`${describe}: ${names.join(', ')}`);
  return { ...words, parse: (value, flag) => words.parse(value, flag).map((word) => oneOf(names, word, flag)) };
};

const oneOf = <T extends string>(names: readonly T[], word: string, flag: string): T => {
  const found = names.find((name) => name === word);
  if (found === undefined) throw usageFault(flag, `must be one of ${names.join(', ')}`, word);
  return found;
};

/** An option without a value. */
export const flag = (describe: string): Option<boolean | undefined> => ({
  yargs: { type: 'boolean', describe },
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
});

/** An option without which the verb does not start. */
export const required = <T>(option: Option<T | undefined>): Option<T> =>
  demanded({ ...option, yargs: { ...option.yargs, demandOption: true } });

const demanded = <T>({ parse, ...option }: Option<T | undefined>): Option<T> => ({
  ...option,
  parse: (value, flag) => {
    const parsed = parse(value, flag);
    if (parsed === undefined) throw usageFault(flag, 'must be given');
    return parsed;
  },
});

/** An option that has a value when it is not given. */
export const withDefault = <T extends string>(value: T, option: Option<T | undefined>): Option<T> =>
  demanded({ ...option, yargs: { ...option.yargs, default: value } });

/** Further names of an option. */
export const alias = <T>(names: string | readonly string[], option: Option<T>): Option<T> => ({
  ...option,
  yargs: { ...option.yargs, alias: names },
});

/** `--json [PATH|-]`: one object, to a file or to standard output. */
export const jsonOption = {
  json: {
    yargs: {
      type: 'string',
      describe: 'write the result as one JSON object to PATH; alone or with -, to standard output instead of the text',
    },
    role: 'stream',
    parse: (value, flag) => (value === undefined ? undefined : once(value, flag) || '-'),
  } satisfies Option<string | undefined> as Option<string | undefined>,
};
