/** Prints the help of a verb: `[]` for the program's own, `['stage', 'train']` for an inner one. */
export type Help = (words: readonly string[]) => Promise<string>;

interface Entry {
  /** As the help has it: `--ci`, or `--model-name, --model_name`. */
  readonly name: string;
  readonly text: string;
  /** What stands in brackets at the end of yargs' lines: `string`, `choices: "a", "b"`, `default: "a"`, `required`. */
  readonly facts: readonly string[];
}

interface HelpPage {
  readonly usage: string;
  readonly description: string;
  readonly commands: readonly Entry[];
  readonly positionals: readonly Entry[];
  readonly options: readonly Entry[];
  readonly examples: readonly string[];
}

const FACT = /\[(string|boolean|array|number|count|required|choices: [^\]]*|default: (?:\[[^\]]*\]|[^\]]*))\]/g;

/** Puts wrapped lines together; a word too long for its column was broken without a space. */
const joined = (lines: readonly string[]): string =>
  lines.reduce((text, line) => {
    const last = text.slice(text.lastIndexOf(' ') + 1);
    return text === '' ? line : last.length > 40 && !/[\s,;:.]$/.test(text) ? text + line : `${text} ${line}`;
  }, '');

/** Entries of a section: names on the left, texts and facts on the right, both wrapped. */
const entriesOf = (lines: readonly string[]): Entry[] => {
  const column = Math.min(
    ...lines.flatMap((line) => {
      const [, names] = /^( +-{1,2}\S.*?| {2}\S.*?) {2,}\S/.exec(line) ?? [];
      return names === undefined ? [] : [line.length - line.slice(names.length).trimStart().length];
    }),
  );
  const entries: { names: string[]; texts: string[] }[] = [];
  for (const line of lines) {
    const fact = line.trimStart().startsWith('[') && line.slice(0, column).trim().startsWith('[');
    const [left, right] = fact ? ['', line.trim()] : [line.slice(0, column).trim(), line.slice(column).trim()];
    const current = entries.at(-1);
    // A second name of an option stands on a line of its own below the first.
    if (left !== '' && (current === undefined || !current.names.at(-1)?.endsWith(','))) {
      entries.push({ names: [left], texts: [right] });
    } else if (current !== undefined) {
      if (left !== '') current.names.push(left);
      current.texts.push(right);
    }
  }
  return entries.map(({ names, texts }) => {
    const whole = joined(texts.filter((text) => text !== ''));
    return {
      name: names.join(' '),
      text: whole.replaceAll(FACT, '').replaceAll(/ {2,}/g, ' ').trim(),
      facts: [...whole.matchAll(FACT)].map(([, fact = '']) => fact),
    };
  });
};

/** Commands of the examples: a command may go on below itself; what stands beside it is left to --help. */
const examplesOf = (lines: readonly string[]): string[] => {
  const column = Math.min(
    ...lines.flatMap((line) => {
      const [before] = /^ {2}\S.*?(?= {2,}\S)/.exec(line) ?? [];
      return before === undefined ? [] : [line.length - line.slice(before.length).trimStart().length];
    }),
  );
  const commands: string[] = [];
  for (const line of lines) {
    const left = (line.slice(column - 2, column).trim() === '' ? line.slice(0, column) : line).trim();
    if (/\bstepclock [a-z]/.test(left)) commands.push(left);
    else if (left !== '') commands.push(`${commands.pop() ?? ''} ${left}`);
  }
  return commands;
};

const pageOf = (help: string): HelpPage => {
  const sections = new Map<string, string[]>([['', []]]);
  let current: string[] = sections.get('') ?? [];
  for (const line of help.split('\n')) {
    const [, title] = /^(Commands|Positionals|Options|Examples):$/.exec(line) ?? [];
    if (title !== undefined) {
      current = [];
      sections.set(title, current);
    } else if (line.trim() !== '') current.push(line);
  }
  const lines = (title: string): string[] => sections.get(title) ?? [];
  const [usage = '', ...description] = lines('');
  return {
    usage,
    description: description.join(' '),
    commands: entriesOf(lines('Commands')),
    positionals: entriesOf(lines('Positionals')),
    options: entriesOf(lines('Options')),
    examples: examplesOf(lines('Examples')),
  };
};

const code = (text: string): string => `\`${text}\``;
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/([*_<])/g, '\\$1');

/** A table with its columns aligned. */
const table = (rows: readonly (readonly string[])[]): string => {
  const [head = [], ...body] = rows;
  const widths = head.map((_, j) => Math.max(3, ...rows.map((row) => row[j]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, j) => text.padEnd(widths[j] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n');
};

const plainDefault = (value: string): string => code(value.replace(/^"(.*)"$/, '$1'));

/** One row an option: its names, what it does, the values it takes, its default. */
const optionRow = ({ name, text, facts }: Entry): string[] => {
  const fact = (key: string): string | undefined => facts.find((f) => f.startsWith(`${key}: `))?.slice(key.length + 2);
  const choices = fact('choices')
    ?.split(', ')
    .map((choice) => code(choice.replaceAll('"', '')))
    .join(', ');
  // The program says some defaults in its own words, in brackets at the end of the text.
  const [, said, words] = /^(.*?) ?\[([^[\]]*)\]$/.exec(text) ?? [undefined, text, undefined];
  const given = fact('default');
  const byDefault = facts.includes('required')
    ? 'required'
    : given === undefined || given === 'false' || given === '[]'
      ? cell(words ?? '')
      : plainDefault(given);
  return [
    name.split(', ').map(code).join(', '),
    cell(said ?? ''),
    choices ?? (facts.includes('boolean') ? 'flag' : ''),
    byDefault,
  ];
};

const optionTable = (title: string, entries: readonly Entry[]): string[] =>
  entries.length === 0 ? [] : [table([[title, 'what it does', 'values', 'default'], ...entries.map(optionRow)])];

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/**
 * The page of every verb, made from what `--help` prints: docs/command-line.md. Verbs are found in the help itself.
 */
export const commandLinePage = async (help: Help): Promise<string> => {
  const top = pageOf(await help([]));
  const common = new Set(top.options.map(({ name }) => name));
  const wordsOf = ({ name }: Entry): string[] =>
    name.split(' ').filter((word) => /^[a-z]/.test(word) && word !== 'stepclock');
  const verbSection = async (words: readonly string[]): Promise<string[]> => {
    const page = pageOf(await help(words));
    const head = `${words.length > 1 ? '###' : '##'} stepclock ${words.join(' ')}`;
    if (page.commands.length > 0) {
      const inner: string[] = [];
      for (const command of page.commands) inner.push(...(await verbSection(wordsOf(command))));
      return [head, sentence(cell(page.description)), ...inner];
    }
    const needed = page.options
      .filter(({ facts }) => facts.includes('required'))
      .map(({ name }) => name.split(', ')[0] ?? name)
      .map((name) => `${name} ${name.replace(/^-+/, '').replaceAll('-', '_').toUpperCase()}`);
    return [
      head,
      sentence(cell(page.description)),
      `    ${[page.usage, ...needed, '[options]'].join(' ')}`,
      ...optionTable('argument', page.positionals),
      ...optionTable(
        'option',
        page.options.filter(({ name }) => !common.has(name)),
      ),
      ...(page.examples.length === 0 ? [] : ['For example:', page.examples.map((line) => `    ${line}`).join('\n')]),
    ];
  };
  const sections: string[] = [];
  for (const command of top.commands) {
    const words = wordsOf(command);
    if (words[0] !== 'completion') sections.push(...(await verbSection(words)));
  }
  return `${[
    '# Command line',
    'Every verb with its options, as `stepclock VERB --help` prints them.\nThis page is made by `npm run docs:command-line`; a test holds it against the program.',
    'A value follows its option after a space or `=`. A flag takes no value; `--no-NAME` turns it off.\n`stepclock completion` prints a completion script for bash or zsh.',
    'Exit codes: 0 fine, 1 bad input, 2 bad usage, 3 not converged under `--strict`, 4 a stated threshold passed\n(`compare --fail-above`, `capacity --strict`), 70 a fault of stepclock itself (please report it), 130 interrupted.\nText for people goes to standard output, messages to standard error.',
    '## Options of every verb',
    ...optionTable('option', top.options),
    ...sections,
  ].join('\n\n')}\n`;
};
