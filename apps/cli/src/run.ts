import { readFileSync } from 'node:fs';
import type { Argv } from 'yargs';
import yargs from 'yargs';
import { commands } from './commands/index.js';
import { UsageError, verdictOn } from './errors.js';
import { ExitCode } from './exit-code.js';
import { STDIN } from './input.js';
import type { Io } from './io.js';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './logger.js';
import { makeSession, type Session } from './session.js';
import { helpAsked, usageMessage } from './usage-message.js';
import type { AnyVerb, Verb } from './verb.js';

const packageVersion = (): string => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
};

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

/** The run of the verb that the command line chose. */
type Chosen = (session: Session) => Promise<ExitCode>;

const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

const register = (parser: Argv, verb: AnyVerb, choose: (run: Chosen) => void): Argv => {
  if ('verbs' in verb) {
    return parser.command(verb.command, verb.describe, (y) => {
      for (const inner of verb.verbs) register(y, inner, choose);
      return y.demandCommand(1, `${verb.command}: a verb is missing; see stepclock ${verb.command} --help`).strict();
    });
  }
  const v = verb as unknown as Verb<object>;
  return parser.command(
    v.command,
    v.describe,
    (y) => {
      for (const [command, what] of v.examples ?? []) y.example(command, what);
      return v.options(y).strict();
    },
    (args) => choose((session) => v.run(args, session)),
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
  let chosen: Chosen | undefined;
  let parser = yargs()
    .scriptName('stepclock')
    .usage('$0 <verb> [options]\n\nTurns the request logs of an LLM serving engine into a latency model of its steps.')
    .option('log-level', { choices: LOG_LEVELS, default: 'warn' as LogLevel, describe: 'what goes to standard error' })
    .option('log-format', {
      choices: LOG_FORMATS,
      default: 'text' as LogFormat,
      describe: 'lines for people or JSON for machines',
    })
    .option('log-file', {
      type: 'string',
      requiresArg: true,
      describe: 'append the log to a file instead of standard error',
    })
    .option('debug', { type: 'boolean', default: false, describe: 'show the stack of an error, and debug messages' })
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
      throw error instanceof UsageError
        ? error
        : new UsageError(usageMessage(message || (error?.message ?? 'unknown'), words, verbs));
    }) as Argv;
  for (const verb of commands) {
    parser = register(parser, verb, (r) => {
      chosen = r;
    });
  }

  const debug = words.includes('--debug');
  try {
    let output = '';
    const args = await parser.parseAsync(words, {}, (_error, _argv, text) => {
      output = text;
    });
    if (output !== '') io.stdout.write(output.endsWith('\n') ? output : `${output}\n`);
    if (chosen === undefined) return ExitCode.ok;
    const session = makeSession(io, {
      logLevel: args.debug === true ? 'debug' : (args.logLevel as LogLevel),
      logFormat: args.logFormat as LogFormat,
      logFile: args.logFile as string | undefined,
      version,
      commandLine: ['stepclock', ...argv.map(shellWord)].join(' '),
    });
    return await chosen(session);
  } catch (error) {
    const { exitCode, line } = verdictOn(error);
    io.stderr.write(`stepclock: ${line}\n`);
    if (debug && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
    return exitCode;
  }
};
