import { closest } from '@stepclock/faults';

/** What is wrong, and how. */
type What = readonly [what: string, rule: string];

/** The option of the command line that the verb does not have; undefined where yargs speaks of something else. */
const unknownOption = (message: string, words: readonly string[]): string | undefined => {
  const [, names = ''] = /^Unknown arguments?: (.*)$/s.exec(message) ?? [];
  return names.split(', ').find((name) => words.some((word) => word === `--${name}` || word.startsWith(`--${name}=`)));
};

/**
 * What yargs says of a command line, in words that name the verb. `words` are those after the program's name, `options` the names of what
 * the verb takes.
 */
export const usageMessage = (
  message: string,
  words: readonly string[],
  verbs: readonly string[],
  options: readonly string[],
): What => {
  const unknown = unknownOption(message, words);
  if (unknown !== undefined) {
    const spoken = words
      .slice(
        0,
        words.findIndex((word) => word.startsWith('-')),
      )
      .filter((word) => /^[a-z]/.test(word));
    const guess = closest(unknown, options);
    const [noun = '', verb = ''] = spoken;
    const help = `see stepclock ${['stage', 'step-time', 'token2metrics'].includes(noun) ? `${noun} ${verb}` : noun} --help`;
    return [`--${unknown}`, `is no option of this verb; ${guess === undefined ? help : `did you mean --${guess}?`}`];
  }
  const [verb = ''] = words;
  if (!verb.startsWith('-') && verb !== '' && !verbs.includes(verb)) {
    const [, guess] = /^Did you mean (\S+)\?$/.exec(message) ?? [];
    return [
      verb,
      `is no verb of stepclock; ${guess === undefined ? 'see stepclock --help' : `did you mean ${guess}?`}`,
    ];
  }
  if (!message.startsWith('Not enough non-option arguments')) {
    const [, what, rule] = /^([^:\n]*):\s+(.*)$/s.exec(message) ?? [];
    return what === undefined || rule === undefined
      ? ['command line', message]
      : [what, rule.replace(/\s*\n\s*/g, ' ')];
  }
  const spoken = words.slice(0, words.findIndex((word) => word.startsWith('-')) >>> 0).join(' ');
  return [spoken, `a file is missing; see stepclock ${spoken} --help`];
};

/** `help estimate` is what many programs call `estimate --help`. */
export const helpAsked = (words: readonly string[]): readonly string[] =>
  words[0] === 'help' ? [...words.slice(1), '--help'] : words;
