import { ExitCode, Fault, isFault } from '@stepclock/faults';
import { GROUP_COLUMNS, groupColumnsOf, type RequestGroup, readGroups } from '@stepclock/trace-io';
import { finiteJson } from '../../files/finite-json.js';
import { openInput, STDIN } from '../../files/input.js';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { flag, list, number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { ofOption, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { lineOf } from './line-of-group.js';

const SEPARATORS: Readonly<Record<string, string>> = { tab: '\t', '\\t': '\t', '\\u0001': '\u0001' };

const separatorOf = (word: string | undefined): string | undefined => {
  if (word === undefined) return undefined;
  const separator = SEPARATORS[word] ?? word;
  if (separator.length !== 1 || separator === '\n')
    throw usageFault('--separator', 'must be one character, or tab', word);
  return separator;
};

/** A sender that is silent for so long has no more to say. */
const SILENCE_MS = 3000;

/**
 * Reads what is left and drops it. Spark reports the pipe that breaks under its hands and not the message of the process that broke it; once all
 * of its rows are taken it asks for the exit code, and shows the message.
 */
const drained = async (pieces: AsyncIterator<Uint8Array>): Promise<void> => {
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<{ readonly done: true }>((resolve) => {
      timer = setTimeout(() => resolve({ done: true }), SILENCE_MS);
    });
    const { done } = await Promise.race([pieces.next().catch(() => ({ done: true })), silence]);
    clearTimeout(timer);
    if (done === true) return;
  }
};

/** Groups; a first row of one field is a statement without its clause, so bad usage. */
async function* groupsOf(
  args: {
    readonly input: string | undefined;
    readonly columns: readonly string[];
    readonly separator: string | undefined;
  },
  session: Session,
): AsyncGenerator<RequestGroup> {
  const columns = args.columns.length === 0 ? undefined : ofOption('--columns', () => groupColumnsOf(args.columns));
  const separator = separatorOf(args.separator);
  const { bytes, name } = await openInput(args.input ?? STDIN, session);
  // The one iterator of the input, so that what a fault leaves of it can still be read.
  const pieces = bytes[Symbol.asyncIterator]();
  const kept = { [Symbol.asyncIterator]: () => ({ next: () => pieces.next() }) };
  try {
    yield* readGroups(kept, { file: name, ...given({ columns, separator }) });
  } catch (error) {
    if (args.input === undefined || args.input === STDIN) await drained(pieces);
    if (!isFault(error) || error.code !== 'trace-io/group-separator') throw error;
    const { what, rule, value, hint } = error;
    throw new Fault('cli/usage', { what, rule, value, ...(hint !== undefined && { hint }) });
  }
}

export const verb = defineVerb({
  positionals: { input: text('rows of requests, grouped by engine; standard input without it', 'input') },
  options: {
    columns: list(
      `what the fields of a row are, of ${GROUP_COLUMNS.join(', ')} [the first nine, the last of them left off or not]`,
    ),
    separator: text('one character between the fields, or tab; rows of JSON objects have none [tab]'),
    'max-num-batched-tokens': number('token budget of a step of every engine', positiveInteger),
    strict: flag('exit with 1 where an engine has no model'),
  },
  examples: [
    ['$0 map < requests.tsv > fleet.jsonl', 'one line an engine, as Spark, ClickHouse or a shell run it'],
    ['$0 merge fleet.jsonl', 'the fleet'],
  ],
  run: async (args, session) => {
    let failed = 0;
    for await (const group of groupsOf(args, session)) {
      const line = lineOf(group, args.maxNumBatchedTokens, session.version);
      if (!line.ok) failed++;
      await session.writeText(undefined, [`${finiteJson(line, 0).text}\n`]);
    }
    if (args.strict !== true || failed === 0) return ExitCode.ok;
    session.log.error(`${failed} engine(s) have no model (--strict)`);
    return ExitCode.badInput;
  },
});
