import type { Input } from '../../bytes/input.js';
import { eachJsonLine } from '../../json/json-lines.js';
import type { JsonRecord } from '../../json/json-record.js';
import { Exclusions } from '../../requests/exclusions.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { refuseNoSteps } from './log-lines.js';
import { prefillContextOf } from './prefill-context.js';

const SCHEMA = 'dynamo.fpm.trace.v1';

/**
 * Forward Pass Metrics: one record a step of one data-parallel rank, as Dynamo traces them (`--fpm-trace`, `dynamo.fpm.trace.v1` JSON lines in an
 * envelope; ai-dynamo/dynamo, docs: Forward Pass Metrics Trace Reference), or the bare payload a line. `wall_time` is seconds of the scheduler, 0 in
 * the heartbeats of an idle engine; `counter_id` counts a rank's records, so a gap is a loss (or, in `sampled` mode, what was not asked for). Sums over
 * the requests of a step: prefill tokens, their KV tokens, decodes, their KV tokens; variances give the prompts' squares.
 */
export const fpm: TraceFormat = {
  name: 'fpm',
  description: 'Forward Pass Metrics (Dynamo, SGLang, TensorRT-LLM, vLLM), JSON lines',
  recognise: ({ firstObject }) => firstObject !== undefined && isRecord(firstObject),
  read,
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const isRecord = (object: Readonly<Record<string, unknown>>): boolean =>
  object.schema === SCHEMA ||
  (isObject(object.event) && object.event.schema === SCHEMA) ||
  (Object.hasOwn(object, 'scheduled_requests') && Object.hasOwn(object, 'wall_time'));

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const columns = new StepColumns(options.onSteps, options.stepsAtOnce);
  const exclusions = new Exclusions();
  const lastCounter = new Map<string, number>();
  let lost = 0;
  let isSampled = false;
  await eachJsonLine(input, (record, line) => {
    const event = record.inner('event') ?? record;
    const pass = event.inner('fpm') ?? event;
    const scheduled = pass.inner('scheduled_requests');
    if (scheduled === undefined)
      throw pass.fault('scheduled_requests', pass.raw('scheduled_requests'), 'must be an object');
    isSampled ||= event.text('capture_mode') === 'sampled';
    const engine = engineOf(pass);
    const counter = pass.count('counter_id', true);
    // A smaller number is a restart.
    lost += Math.max(0, counter - (lastCounter.get(engine) ?? Number.NaN) - 1) || 0;
    if (!Number.isNaN(counter)) lastCounter.set(engine, counter);
    const durationSec = pass.number('wall_time');
    if (durationSec < 0) throw pass.fault('wall_time', durationSec, 'must be seconds of at least 0');
    if (durationSec === 0) {
      exclusions.add('heartbeat', 'a heartbeat: no step, wall_time 0', line);
      return;
    }
    const stampSec = event.number('observed_at_unix_ms', true) / 1000;
    // Between the records of a sampled trace lie steps that it has not: their stamps time none.
    const told = { ...(!isSampled && { stampSec }), iteration: counter };
    columns.add({ durationSec, ...workOf(scheduled), ...told }, engine);
  });
  refuseNoSteps(columns, input.file);
  columns.flush();
  return {
    kind: 'steps',
    facts: {
      format: 'fpm',
      clock: "the scheduler's wall time; when each record was seen, epoch milliseconds",
      timeUnit: 's',
      settings: options.settings,
      ...(isSampled ? { sampled: true } : lost > 0 && { lostSteps: lost }),
    },
    steps: columns.table(),
    exclusions: exclusions.list(),
  };
}

function engineOf(pass: JsonRecord): string {
  const worker = pass.has('worker_id') ? pass.name('worker_id') : '';
  const rank = pass.count('dp_rank', true);
  return Number.isNaN(rank) ? worker : `${worker} rank ${rank}`.trimStart();
}

/** What a step worked on. */
function workOf(scheduled: JsonRecord) {
  const prefillTokens = scheduled.count('sum_prefill_tokens', true) || 0;
  const prefillRequests = scheduled.count('num_prefill_requests', true) || 0;
  return {
    prefillTokens,
    prefillRequests,
    prefillContext: prefillContextOf(
      prefillRequests,
      prefillTokens,
      scheduled.count('sum_prefill_kv_tokens', true) || 0,
      scheduled.number('var_prefill_length', true) || 0,
    ),
    decodeTokens: scheduled.count('num_decode_requests', true) || 0,
    contextTokens: scheduled.count('sum_decode_kv_tokens', true) || 0,
  };
}
