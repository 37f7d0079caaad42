/** What is wrong, and how. */
type What = readonly [what: string, rule: string];

/** What yargs says of a command line, in words that name the verb. `words` are those after the program's name. */
export const usageMessage = (message: string, words: readonly string[], verbs: readonly string[]): What => {
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
