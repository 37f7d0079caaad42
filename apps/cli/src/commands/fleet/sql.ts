import { ExitCode } from '@stepclock/faults';
import { mapStatement, STATEMENT_ENGINES, sparkJob } from '@stepclock/step-model';
import { positiveInteger } from '../../options/number-rules.js';
import { choice, flag, list, number, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { ofOption, usageFault } from '../../session/errors.js';
import { pairOf } from './field-pairs.js';

export const verb = defineVerb({
  options: {
    engine: required(choice(STATEMENT_ENGINES, 'what runs it')),
    table: text('the table of requests [requests]'),
    columns: list("the table's columns where they are called otherwise, as field=column: group=engine,queued=arrival"),
    partitions: number('parts of the table that Spark reads side by side [200]', positiveInteger),
    job: flag('a job for spark-submit, which writes the lines to a table and counts their rows'),
  },
  examples: [
    ['$0 sql --engine spark --table logs.requests --columns group=engine', ''],
    ['$0 sql --engine spark --table logs.requests --columns group=engine --job > job.py', ''],
  ],
  run: async ({ engine, table = 'requests', columns, partitions = 200, job }, session) => {
    if (job === true && engine !== 'spark') throw usageFault('--job', 'needs --engine spark');
    const names = { table, columns: new Map(columns.map(pairOf)), partitions };
    session.print(ofOption('sql', () => (job === true ? sparkJob(names) : mapStatement(engine, names))));
    return ExitCode.ok;
  },
});
