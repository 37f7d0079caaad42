import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runScenario } from '@stepclock/engine-sim';

const ENGINES = 40;
const REQUESTS = 100;
const FILES = 4;

/** A name may be any text. */
const nameOf = (engine: number): string =>
  engine === 0 ? 'tab\there, line\nend, \\N, \\t, "quoted", né' : `engine-${engine}`;

const written = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n').replaceAll('\r', '\\r');

/**
 * Requests of simulated engines as Parquet files, in order of time, engines mixed, and as the rows that `map` reads, by engine and start.
 *
 * @param folder gets `rows/*.parquet`
 */
export const writeRows = async (folder: string) => {
  const all: { readonly engine: string; readonly fields: (string | number)[] }[] = [];
  for (let e = 0; e < ENGINES; e++) {
    const { phases } = runScenario('kv', { requests: REQUESTS, seed: 100 + e, engine: { stepNoise: 0.03 } });
    const requests = new Map<number, (string | number)[]>();
    for (let i = 0; i < phases.length; i++) {
      const id = phases.request[i];
      const held = requests.get(id);
      if (held === undefined) {
        const [start, end] = [phases.startSec[i], phases.endSec[i]];
        requests.set(id, [`r${String(id).padStart(5, '0')}`, start, start, end, end, phases.prefillTokens[i], 1]);
      } else {
        held[4] = phases.endSec[i];
        held[6] = phases.decodeTokens[i] + 1;
      }
    }
    for (const fields of requests.values()) all.push({ engine: nameOf(e), fields });
  }
  const byStart = all.toSorted((a, b) => Number(a.fields[1]) - Number(b.fields[1]));
  const names = ['request', 'queued', 'scheduled', 'first_token', 'last_token', 'prompt_tokens', 'output_tokens'];
  const json = byStart.map(({ engine, fields }) =>
    JSON.stringify({ engine, ...Object.fromEntries(fields.map((value, i) => [names[i], value])) }),
  );
  const source = join(folder, 'rows.jsonl');
  writeFileSync(source, `${json.join('\n')}\n`);
  mkdirSync(join(folder, 'rows'));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const part = Math.ceil(json.length / FILES);
  const types =
    "{engine: 'VARCHAR', request: 'VARCHAR', queued: 'DOUBLE', scheduled: 'DOUBLE', first_token: 'DOUBLE', last_token: 'DOUBLE', prompt_tokens: 'BIGINT', output_tokens: 'BIGINT'}";
  for (let i = 0; i < FILES; i++) {
    await connection.run(
      `COPY (SELECT * FROM read_json('${source}', columns = ${types}) LIMIT ${part} OFFSET ${i * part}) TO '${join(folder, `rows/${i}.parquet`)}' (FORMAT parquet)`,
    );
  }
  connection.closeSync();
  const order = new Map([...new Set(all.map(({ engine }) => engine))].sort().map((engine, i) => [engine, i]));
  const rank = ({ engine }: { readonly engine: string }): number => order.get(engine) ?? 0;
  const tsv = byStart
    .toSorted((a, b) => rank(a) - rank(b))
    .map(({ engine, fields }) => `${[written(engine), ...fields].join('\t')}\n`)
    .join('');
  return { tsv, rows: all.length, engines: ENGINES };
};
