import { ExitCode } from '@stepclock/faults';
import {
  betasOfFile,
  mapStatement,
  SQL_DIALECTS,
  STATEMENT_ENGINES,
  sparkJob,
  windowsQuery,
} from '@stepclock/step-model';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { choice, flag, list, number, text } from '../../options/option.js';
import { termNames } from '../../options/term-names.js';
import { defineVerb } from '../../options/verb.js';
import { ofOption, usageFault } from '../../session/errors.js';
import { readBetasFile } from '../model/betas-input.js';
import { pairOf } from './field-pairs.js';

export const verb = defineVerb({
  options: {
    dialect: choice(SQL_DIALECTS, 'of a table of steps: the query that sums them into windows, in this SQL'),
    engine: choice(STATEMENT_ENGINES, 'of a table of requests: the statement that runs map over it, in this engine'),
    table: text('the table [steps with --dialect, requests with --engine]'),
    columns: list(
      "the table's columns where they are called otherwise, as field=column: group=engine,queued=arrival; of steps start, seconds, prefill_tokens, decode_seqs, and where the table has them engine, context_tokens, prefill_requests, prefill_context",
    ),
    terms: text('--dialect: terms of the cost, by name, apart by commas [those that the columns tell]'),
    betas: text(
      '--dialect: a betas file; steps weigh 1 / their time by it, and stalls are set apart [all steps weigh alike]',
      'input',
    ),
    partitions: number('--engine: parts of the table that Spark reads side by side [200]', positiveInteger),
    job: flag('--engine spark: a job for spark-submit, which writes the lines to a table and counts their rows'),
  },
  examples: [
    ['$0 sql --dialect duckdb --table steps --columns seconds=duration_sec', 'then: stepclock estimate windows.csv'],
    ['$0 sql --engine spark --table logs.requests --columns group=engine', ''],
    ['$0 sql --engine spark --table logs.requests --columns group=engine --job > job.py', ''],
  ],
  run: async ({ dialect, engine, table, columns: pairs, terms, betas, partitions, job }, session) => {
    const columns = new Map(pairs.map(pairOf));
    const refuse = (options: object, use: string): void => {
      const [foreign] = Object.entries(options).find(([, value]) => value !== undefined) ?? [];
      if (foreign !== undefined) throw usageFault(`--${foreign}`, `is for ${use}`);
    };
    if (dialect !== undefined && engine === undefined) {
      refuse({ partitions, job }, '--engine');
      const file = betas === undefined ? undefined : await readBetasFile(betas, session);
      const chosen = given({ terms: termNames(terms), betas: file && betasOfFile(file) });
      session.print(ofOption('sql', () => windowsQuery(dialect, { table: table ?? 'steps', columns, ...chosen })));
      return ExitCode.ok;
    }
    if (engine === undefined || dialect !== undefined) {
      throw usageFault('sql', 'must be given --dialect, for a table of steps, or --engine, for a table of requests');
    }
    refuse({ terms, betas }, '--dialect');
    if (job === true && engine !== 'spark') throw usageFault('--job', 'needs --engine spark');
    const names = { table: table ?? 'requests', columns, partitions: partitions ?? 200 };
    session.print(ofOption('sql', () => (job === true ? sparkJob(names) : mapStatement(engine, names))));
    return ExitCode.ok;
  },
});
