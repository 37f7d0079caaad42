import { readFileSync } from 'node:fs';
import { ExitCode, type Fault } from '@stepclock/faults';
import { MAX_BYTES } from '@stepclock/trace-io';
import type { Argv } from 'yargs';
import yargs from 'yargs';
import { commands } from './commands/index.js';
import { STDIN } from './files/input.js';
import { checkOutputs, inputsOf, refuseStandardOutputs } from './files/output-paths.js';
import { inputPaths, outputsOf } from './files/paths/verb-paths.js';
import { argsOf, choice, flag, number, text, withDefault } from './options/option.js';
import type { Entry, Noun, Verb } from './options/verb.js';
import { usageFault, verdictOn } from './session/errors.js';
import type { Io } from './session/io.js';
import { LOG_FORMATS, LOG_LEVELS } from './session/logger.js';
import { makeSession } from './session/session.js';
import { shellWord } from './session/shell-word.js';
import { helpAsked, usageMessage } from './session/usage-message.js';

const packageVersion = (): string => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
};

/** Options of every verb. */
const commonOptions = {
  'log-level': withDefault('warn', choice(LOG_LEVELS, 'what goes to standard error')),
  'log-format': withDefault('text', choice(LOG_FORMATS, 'lines for people or JSON for machines')),
  'log-file': text('append the log to a file instead of standard error', 'file'),
  'max-bytes': number(
    'refuse an input that unpacks to more bytes [8 GiB; above 64 MiB at most 1000 times its packed size]',
    { must: 'a positive integer', accepts: (x) => Number.isSafeInteger(x) && x > 0 },
  ),
  debug: flag('show the stack of an error, and debug messages'),
};

/** What people come for, in the order in which they do. */
const TASKS = [
  ['$0 doctor bench.json', 'what a file is good for'],
  ['$0 estimate bench.json --json betas.json', 'the cost of a step, from a log'],
  ['$0 replay --betas betas.json --requests bench.json', 'how good that is'],
  ['$0 capacity --betas betas.json --workload bench.json --slo "ttft:p95:200ms" --rate 50', 'how many replicas'],
  ['$0 compare before.json after.json --fail-above 3%', 'what got slower'],
  ['$0 steps vllm.log', "the engine's own step log"],
  ['$0 export --betas betas.json --to blis-yaml', 'for a simulator or an autoscaler'],
] as const;

/** yargs loses lone dashes: after an option one is joined to it (`--json=-`), a positional one is spelled out. */
const keepDashes = (argv: readonly string[]): string[] => {
  const words: string[] = [];
  for (const word of argv) {
    const last = words.at(-1);
    if (word !== '-') words.push(word);
    else if (last?.startsWith('--') === true && last !== '--' && !last.includes('='))
      words[words.length - 1] = `${last}=-`;
    else words.push(STDIN);
  }
  return words;
};

/** The verb that the command line chose, with what yargs found for it. */
interface Chosen {
  readonly verb: Verb;
  readonly found: Readonly<Record<string, unknown>>;
}

const isNoun = (entry: Entry | Noun): entry is Noun => 'verbs' in entry;

/** A verb's module is loaded when the verb is on the command line: its options with it, and nothing of the others. */
const register = (
  parser: Argv,
  entry: Entry | Noun,
  choose: (chosen: Chosen) => void,
  onOptions: (names: readonly string[]) => void,
): Argv => {
  const { command, describe } = entry;
  if (isNoun(entry)) {
    return parser.command(command, describe, (y) => {
      for (const inner of entry.verbs) register(y, inner, choose, onOptions);
      return y.demandCommand(1, `${command}: a verb is missing; see stepclock ${command} --help`).strict();
    });
  }
  return parser.command(
    command,
    describe,
    async (y) => {
      const { verb } = await entry.load();
      onOptions(Object.keys(verb.options));
      for (const [line, what] of verb.examples) y.example(line, what);
      for (const [name, option] of Object.entries(verb.positionals)) {
        const { type, demandOption, describe: words, default: value } = option.yargs;
        y.positional(name, {
          type: type === 'string' ? type : undefined,
          demandOption,
          describe: words,
          default: value,
        });
      }
      for (const [name, option] of Object.entries(verb.options)) y.option(name, option.yargs);
      return y.strict();
    },
    async (found) => choose({ verb: (await entry.load()).verb, found }),
  );
};

/**
 * Runs the command line.
 *
 * @param argv the words after the program's name
 * @returns the exit code: 0 fine, 1 bad input, 2 bad usage, 3 not converged under --strict, 70 a fault of ours
 */
export const run = async (argv: readonly string[], io: Io): Promise<ExitCode> => {
  const version = packageVersion();
  const words = keepDashes(helpAsked(argv));
  const verbs = commands.map(({ command }) => command.split(' ')[0] ?? '');
  let options = Object.keys(commonOptions);
  const usage = (message: string): Fault => usageFault(...usageMessage(message, words, verbs, options));
  let chosen: Chosen | undefined;
  const parser = yargs()
    .scriptName('stepclock')
    .usage('$0 <verb> [options]\n\nTurns the request logs of an LLM serving engine into a latency model of its steps.')
    .options(Object.fromEntries(Object.entries(commonOptions).map(([name, option]) => [name, option.yargs])))
    .parserConfiguration({
      'duplicate-arguments-array': true,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .completion('completion', 'print a completion script for bash or zsh')
    .version(version)
    .alias('h', 'help')
    .alias('V', 'version')
    .strict()
    .demandCommand(1, 'a verb is missing; see stepclock --help')
    .recommendCommands()
    .wrap(Math.min(110, io.stdout.columns ?? 100))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw message ? usage(message) : error;
    });
  for (const [line, what] of TASKS) parser.example(line, what);
  for (const entry of commands)
    register(
      parser,
      entry,
      (one) => {
        chosen = one;
      },
      (names) => {
        options = [...options, ...names];
      },
    );

  const debug = words.includes('--debug');
  try {
    let output = '';
    await parser.parseAsync(words, {}, (_error, _argv, help) => {
      output = help;
    });
    if (output !== '') io.stdout.write(output.endsWith('\n') ? output : `${output}\n`);
    return chosen === undefined
      ? ExitCode.ok
      : await runVerb(chosen, ['stepclock', ...argv.map(shellWord)].join(' '), version, io);
  } catch (thrown) {
    // What yargs finds wrong once a verb's module is loaded does not go through `fail`.
    const error = thrown instanceof Error && thrown.name === 'YError' ? usage(thrown.message) : thrown;
    const { exitCode, line } = verdictOn(error);
    io.stderr.write(`stepclock: ${line}\n`);
    if (debug && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
    return exitCode;
  }
};

const runVerb = async ({ verb, found }: Chosen, commandLine: string, version: string, io: Io): Promise<ExitCode> => {
  const { logLevel, logFormat, logFile, maxBytes = MAX_BYTES, debug } = argsOf(commonOptions, found);
  const { args, outputs, run: runIt } = verb.call(found);
  const inputs = await inputsOf(await inputPaths(verb, args));
  refuseStandardOutputs(io, inputs);
  await checkOutputs(outputsOf(verb, args, outputs, logFile), inputs);
  const session = makeSession(io, {
    logLevel: debug === true ? 'debug' : logLevel,
    logFormat,
    logFile,
    maxBytes,
    version,
    commandLine,
    inputs,
  });
  try {
    const exitCode = await runIt(session);
    await session.commit();
    return exitCode;
  } finally {
    await session.discard();
  }
};
