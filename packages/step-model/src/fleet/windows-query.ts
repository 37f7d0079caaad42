import { MAD_TO_SD } from '@stepclock/numerics';
import {
  type Betas,
  CATALOGUE,
  STALL_RULE,
  type StretchFact,
  stepCost,
  type Term,
  termsNamed,
} from '@stepclock/step-cost';
import { stepModelFault } from '../step-model-fault.js';
import { DIALECTS, type SqlDialect } from './sql-dialects.js';
import { checkedName, refuseStrangers } from './sql-names.js';

/** An array constructor of Trino takes 254. */
const MOST_JOINED = 200;
/** As a step log is cut: enough for Student's t, long enough to outlast what correlates. */
const WINDOWS = 20;

const NEEDED = ['start', 'seconds', 'prefill_tokens', 'decode_seqs'] as const;
/** What a table may have besides: only where a column is told for it. */
const OPTIONAL = ['engine', 'context_tokens', 'prefill_requests', 'prefill_context'] as const;
const FACTS: Readonly<Partial<Record<StretchFact, string>>> = {
  prefillTokens: 'prefill_tokens',
  decodeSeqs: 'decode_seqs',
  prefillSteps: 'prefill_steps',
  contextTokens: 'context_tokens',
  prefillRequests: 'prefill_requests',
  prefillContext: 'prefill_context',
};

export interface WindowsQueryOptions {
  /** `steps`, `db.steps`: a row a step. */
  readonly table: string;
  /** The table's column for a field, by the field: `seconds`, `start`, ... */
  readonly columns: ReadonlyMap<string, string>;
  /** Terms by name; default: those that come into a model by themselves and that the columns tell. */
  readonly terms?: readonly string[];
  /** Coefficients by which steps weigh 1 / fitted seconds and stalls are set apart; without them all steps weigh alike. */
  readonly betas?: Betas;
  readonly catalogue?: readonly Term[];
}

/** A term with its expression. */
type SqlTerm = Term & { readonly sql: string };

const bad = (what: string, rule: string, value: unknown) =>
  stepModelFault('step-model/bad-statement', { what, rule, value });

/** Terms to sum, of those that the columns tell. */
const termsOf = ({ terms, betas, columns, catalogue = CATALOGUE }: WindowsQueryOptions): readonly SqlTerm[] => {
  const missing = ({ needs }: Term): StretchFact | undefined =>
    needs.find((fact) => {
      const column = FACTS[fact];
      return column === undefined || (OPTIONAL.some((name) => name === column) && !columns.has(column));
    });
  const carried = betas === undefined ? [] : stepCost(betas, catalogue).terms;
  const asked =
    terms === undefined
      ? catalogue.filter((term) => term.role !== 'diagnostic' && missing(term) === undefined)
      : termsNamed(terms, catalogue);
  const left = carried.find((term) => !asked.includes(term));
  if (left !== undefined && (terms !== undefined || missing(left) === undefined)) {
    throw bad(
      'terms',
      `must have ${left.name}, by which the coefficients weigh steps`,
      asked.map(({ name }) => name).join(),
    );
  }
  return (left === undefined ? asked : [...asked, left]).map((term) => {
    const fact = missing(term);
    const column = fact && FACTS[fact];
    if (fact !== undefined) {
      const rule = `must be told by a column${column === undefined ? ', and a table of steps has none for it' : `: ${column}=...`}`;
      throw bad(`${fact} of ${term.name}`, rule, [...columns.keys()].join());
    }
    const { sql } = term;
    if (sql === undefined) throw bad('term', 'must be one with an expression of SQL', term.name);
    return { ...term, sql };
  });
};

/** A number that every dialect reads as a double. */
const literal = (value: number): string => value.toExponential();

/**
 * The query that makes windows from a table of steps, as `estimate` reads them: the cross products of the catalogue's terms, twenty windows an engine of about
 * equal steps, in the order of their starts. A row of the result is a window: `engine`, `part`, and `line`, a JSON of `stepclock/windows@1`.
 * Rows without tokens or without time take no part.
 *
 * @throws Fault `step-model/bad-statement` for a name that would have to be quoted, a field that is none, or a term that the columns do not tell
 */
export const windowsQuery = (dialect: SqlDialect, options: WindowsQueryOptions): string => {
  const { columns, betas } = options;
  const { double, text, joined, median } = DIALECTS[dialect];
  const table = checkedName('table', options.table);
  refuseStrangers(columns, [...NEEDED, ...OPTIONAL]);
  const column = (field: string): string => `s.${checkedName(`column of ${field}`, columns.get(field) ?? field)}`;
  const terms = termsOf(options);
  const hasEngine = columns.has('engine');
  const engine = hasEngine ? text(column('engine')) : "''";
  const numbers = [...NEEDED.slice(1), ...OPTIONAL.slice(1).filter((field) => columns.has(field))];
  const ranges = numbers.filter((field) => ['prefill_tokens', 'decode_seqs', 'context_tokens'].includes(field));
  const stages = [
    `-- ${terms.length} terms: ${terms
      .map(({ name }) => name.replace(/\d+$/, '*'))
      .filter((name, i, all) => all.indexOf(name) === i)
      .join(', ')}`,
    'WITH told AS (',
    `  SELECT ${engine} AS engine, ${column('start')} AS start_at,`,
    ...numbers.map((field) => `    ${double(column(field))} AS ${field},`),
    `    count(*) OVER (${hasEngine ? `PARTITION BY ${column('engine')}` : ''}) AS table_rows`,
    `  FROM ${table} s`,
    '), cut AS (',
    '  SELECT told.*, 1e0 AS steps, CASE WHEN prefill_tokens > 0 THEN 1e0 ELSE 0e0 END AS prefill_steps,',
    '    floor((row_number() OVER (PARTITION BY engine ORDER BY start_at) - 1)',
    `      * ${WINDOWS} / count(*) OVER (PARTITION BY engine)) AS part`,
    '  FROM told WHERE prefill_tokens + decode_seqs > 0 AND seconds > 0',
    '), held AS (',
    `  SELECT engine, part, table_rows, seconds, prefill_tokens > 0 AS has_prefill, ${ranges.join(', ')},`,
    ...terms.map(({ sql }, t) => `    ${sql} AS t${t}${t + 1 < terms.length ? ',' : ''}`),
    '  FROM cut',
  ];
  const reference = terms.map(({ label, name }) => betas?.[label] ?? betas?.[name] ?? 0);
  if (betas === undefined)
    stages.push('), weighed AS (', '  SELECT held.*, 1e0 AS w, 1e0 AS kept, seconds AS r FROM held');
  else {
    const { clearSd, leastShare, mostShare } = STALL_RULE;
    const costs = terms.flatMap((_, t) => (reference[t] === 0 ? [] : [`${literal(reference[t])} * t${t}`]));
    const alike = 'OVER (PARTITION BY engine, has_prefill)';
    stages.push(
      '), fitted AS (',
      `  SELECT held.*, ${['0e0', ...costs].join(' + ')} AS fit FROM held`,
      // Stalls, as a step log's fit sets them apart.
      '), scattered AS (',
      '  SELECT fitted.*, (seconds - fit) / sqrt(fit) AS z FROM fitted WHERE fit > 0',
      '), centred AS (',
      `  SELECT scattered.*, z - ${median('z')} ${alike} AS d FROM scattered`,
      '), scaled AS (',
      `  SELECT centred.*, ${median('abs(d)')} ${alike} AS mad FROM centred`,
      '), marked AS (',
      `  SELECT scaled.*, CASE WHEN d > ${literal(clearSd * MAD_TO_SD)} * mad AND seconds > ${literal(1 + leastShare)} * fit THEN 1e0 ELSE 0e0 END AS far FROM scaled`,
      '), known AS (',
      `  SELECT marked.*, CASE WHEN avg(far) OVER (PARTITION BY engine) > ${literal(mostShare)} THEN 1e0 ELSE 1e0 - far END AS kept FROM marked`,
      '), weighed AS (',
      '  SELECT known.*, kept / fit AS w, seconds - fit AS r FROM known',
    );
  }
  const list = (expressions: readonly string[]): string => {
    const parts: string[] = [];
    for (let at = 0; at < expressions.length; at += MOST_JOINED) {
      parts.push(joined(expressions.slice(at, at + MOST_JOINED).map(text)));
    }
    return parts.length === 1 ? parts[0] : joined(parts);
  };
  // Each but the first of an object, so with its comma.
  const field = (name: string, value: string): string => `',"${name}":' || ${text(value)}`;
  const array = (name: string, values: readonly string[]): string => `',"${name}":[' || ${list(values)} || ']'`;
  const of = (value: string): string => (betas === undefined ? `sum(${value})` : `sum(kept * ${value})`);
  const head = {
    schema: 'stepclock/windows@1',
    terms: terms.map(({ name }) => name),
    weighting: betas === undefined ? 'none' : 'inverse-seconds',
    table: { choice: options.terms === undefined ? 'auto' : 'all' },
  };
  const json = [
    `'${JSON.stringify(head).slice(0, -2)}'`,
    field('rows', 'max(table_rows)'),
    field('stalls', 'sum(1e0 - kept)'),
    field('stall_seconds', 'sum((1e0 - kept) * seconds)'),
    ...ranges.map((name) => array(name, [`min(${name})`, `max(${name})`])),
    `'},"windows":[{"reference":${JSON.stringify(reference)}'`,
    array(
      'gram',
      terms.flatMap((_, i) => terms.slice(0, i + 1).map((__, j) => `sum(w * t${i} * t${j})`)),
    ),
    array(
      'moment',
      terms.map((_, t) => `sum(w * t${t} * r)`),
    ),
    array(
      'sums',
      terms.map((_, t) => of(`t${t}`)),
    ),
    field('squares', 'sum(w * r * r)'),
    field('rows', 'sum(kept)'),
    field('seconds', of('seconds')),
    field('steps', 'sum(kept)'),
    field('longest_seconds', 'max(kept * seconds)'),
    "'}]}'",
  ];
  return [
    ...stages,
    ')',
    'SELECT engine, part,',
    `  ${json.join('\n  || ')} AS line`,
    'FROM weighed GROUP BY engine, part ORDER BY engine, part;',
  ].join('\n');
};
