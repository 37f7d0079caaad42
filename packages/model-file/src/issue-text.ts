import type * as v from 'valibot';

export type PathPart = string | number;

/** `terms[2].interval[0]`: where a field stands in its file. */
export const pathText = (path: readonly PathPart[]): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');

/** Our own schema parts say "must be ..." themselves; what valibot says of types is put into the same form. */
export const ruleOf = (issue: v.BaseIssue<unknown>): string => {
  // Before the message: an object says its own one of a field that it lacks.
  if (isMissingField(issue)) return 'must be given';
  return issue.message.startsWith('must ') ? issue.message : `must be ${wordsOf(issue.expected)}`;
};

/** An object's schema says of a field that is not there that it expected its name. */
const isMissingField = ({ input, expected, path }: v.BaseIssue<unknown>): boolean =>
  input === undefined && expected === JSON.stringify(path?.at(-1)?.key);

const WORDS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  Object: 'an object',
  Array: 'an array',
  null: 'null',
};

const wordsOf = (expected: string | null): string => {
  if (expected === null) return 'what the schema says';
  return expected
    .replace(/^\(|\)$/g, '')
    .split(' | ')
    .map((part) => WORDS[part] ?? part)
    .join(' or ');
};
