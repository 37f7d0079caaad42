import { estimateStepClock } from '@stepclock/beta-estimators';
import { ExitCode, Fault, isFault, printable } from '@stepclock/faults';
import { type BetasFile, betasFileOf, type EngineLine, engineLineOf } from '@stepclock/step-model';
import { GROUP_COLUMNS, groupColumnsOf, type RequestGroup, readGroups } from '@stepclock/trace-io';
import { finiteJson } from '../../files/finite-json.js';
import { openInput, STDIN } from '../../files/input.js';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { flag, list, number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { ofOption, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

const SEPARATORS: Readonly<Record<string, string>> = { tab: '\t', '\\t': '\t', '\\u0001': '\u0001' };

const separatorOf = (word: string | undefined): string | undefined => {
  if (word === undefined) return undefined;
  const separator = SEPARATORS[word] ?? word;
  if (separator.length !== 1 || separator === '\n')
    throw usageFault('--separator', 'must be one character, or tab', word);
  return separator;
};

/** The model of a group, with what pooling needs and no more: the coefficients by window and the like would be most of the line. */
const modelOf = (group: RequestGroup, maxNumBatchedTokens: number | undefined): BetasFile => {
  if (group.trace === undefined) throw group.fault ?? new Error('a group without a trace has a fault');
  const { phases, facts } = group.trace;
  const found = estimateStepClock(phases, { queueInPrefill: facts.queueInPrefill, ...given({ maxNumBatchedTokens }) });
  const { algo, model, betas, terms, options, intervals, identifiability, verdict, diagnostics, warnings, windows } =
    found;
  const kept = {
    algo,
    model,
    betas,
    terms,
    options,
    intervals,
    identifiability,
    verdict,
    diagnostics,
    warnings,
    windows,
  };
  return betasFileOf({ ...kept, ...given({ promptOffsetTokens: found.promptOffsetTokens }) });
};

const lineOf = (group: RequestGroup, maxNumBatchedTokens: number | undefined, version: string): EngineLine => {
  const { name, label, rows, used, exclusions, startSec } = group;
  const excluded = exclusions.map(({ reason, count, lines }) => ({ reason, count, firstLine: lines[0] ?? null }));
  const known = { engine: name, label, rows, used, excluded, startSec };
  try {
    return engineLineOf(known, { model: modelOf(group, maxNumBatchedTokens) }, version);
  } catch (error) {
    if (!isFault(error)) throw error;
    return engineLineOf(known, { error: { code: error.code, message: printable(error.message) } }, version);
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
  try {
    yield* readGroups(bytes, { file: name, ...given({ columns, separator }) });
  } catch (error) {
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
