import { count, type ModelFileKind, orderedPair, readModelFile, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { type BetasFile, betasSchema } from '../model-file/betas-schema.js';

/** What a process says of one engine of a fleet: a line of JSON, `stepclock/engine@1`. */
export const engineLineSchema = v.pipe(
  v.object({
    schema: v.literal('stepclock/engine@1'),
    engine: text(),
    /** The kind of engine, whose coefficients are pooled: a model on a GPU, say. */
    label: v.nullable(text()),
    /** Rows that came, and requests among them that were taken. */
    rows: count,
    used: count,
    excluded: v.array(v.object({ reason: text(200), count, first_line: v.nullable(count) })),
    /** Start of the first and of the last row, on the log's clock; null where no row has one. */
    start_seconds: v.nullable(orderedPair),
    ok: v.boolean(),
    error: v.nullable(v.object({ code: text(200), message: text() })),
    model: v.nullable(betasSchema),
    stepclock_version: text(100),
  }),
  v.check(({ used, rows }) => used <= rows, 'must have no more requests used than rows'),
  v.check(
    ({ ok, error, model }) => ok === (model !== null) && ok === (error === null),
    'must have a model where ok is true, an error where it is false',
  ),
);

type ReadOnly<T> = T extends object ? { readonly [K in keyof T]: ReadOnly<T[K]> } : T;

/** A line of a fleet, read. */
export type EngineLine = ReadOnly<v.InferOutput<typeof engineLineSchema>>;

const KIND: ModelFileKind<typeof engineLineSchema> = {
  family: 'stepclock/engine',
  version: 1,
  schema: engineLineSchema,
  code: 'step-model/bad-engine-line',
  described: "a line as 'stepclock map' writes it",
};

/**
 * A line of a fleet's file.
 *
 * @param text one JSON object
 * @param place of the line, for messages: `fleet.jsonl:12`
 * @throws Fault `step-model/bad-engine-line`, with the path of the field
 */
export const parseEngineLine = (line: string, place: string): EngineLine => readModelFile(line, KIND, place);

/** What is known of an engine's rows. */
export interface EngineRows {
  readonly engine: string;
  readonly label: string | null;
  readonly rows: number;
  readonly used: number;
  readonly excluded: readonly { readonly reason: string; readonly count: number; readonly firstLine: number | null }[];
  readonly startSec: readonly [number, number] | null;
}

/** The line of an engine: its rows, and its model or why it has none. */
export const engineLineOf = (
  { engine, label, rows, used, excluded, startSec }: EngineRows,
  outcome: { readonly model: BetasFile } | { readonly error: { readonly code: string; readonly message: string } },
  version: string,
): EngineLine => ({
  schema: 'stepclock/engine@1',
  engine,
  label,
  rows,
  used,
  excluded: excluded.map(({ reason, count: times, firstLine }) => ({ reason, count: times, first_line: firstLine })),
  start_seconds: startSec,
  ok: 'model' in outcome,
  error: 'error' in outcome ? outcome.error : null,
  model: 'model' in outcome ? outcome.model : null,
  stepclock_version: version,
});
