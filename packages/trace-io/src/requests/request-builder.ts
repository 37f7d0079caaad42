import { Fault } from '@stepclock/faults';
import { idleLimit } from '../bounds/idle-limit.js';
import { NameIndex } from '../names/name-index.js';
import { RequestColumns, type RequestRow } from '../tables/request-columns.js';
import { TokenColumns, type TokenRow } from '../tables/token-columns.js';
import type { Exclusion, FileFacts, PhaseTrace, ServedFacts, TokenTrace, WorkloadTrace } from '../trace.js';
import { type CutRequest, pressing, unseenDecodes } from './cut-requests.js';
import { Exclusions } from './exclusions.js';
import { checkCounts } from './request-counts.js';
import { requestFacts } from './request-facts.js';
import { phasesOfRequests } from './request-phases.js';
import { checkTimes } from './request-times.js';

const REASONS = {
  rejected: 'requests that failed before they had a token',
  failed: 'requests that failed',
  aborted: 'requests that were aborted or cancelled',
  unfinished: 'requests that had not finished',
  'several-sequences': 'requests for more than one sequence (n > 1): their decodes share one prefill',
  'no-output': 'requests without output tokens',
  'no-prompt': 'requests without prompt tokens',
  'hidden-reasoning': 'requests whose reasoning no chunk shows: nothing tells when their prefill ended',
  'no-arrival': 'requests without an arrival',
  'no-tokens': 'requests without a first token',
  'no-prefill-time': 'requests whose first token does not come after their start',
  'no-decode-time': 'requests of several output tokens whose last does not come after the first (not streamed)',
  'cached-above-prompt': 'requests with more cached than prompt tokens',
  'duplicate-request': 'further records of a request that was there already',
  disaggregated: 'requests of a prefill or a decode server: their forward time has the transfer of the cache in it',
  'other-phase': 'records from outside the measured part of the benchmark (warm-up)',
} as const;
export type ExclusionReason = keyof typeof REASONS;

/**
 * Takes the requests of any format, one by one, leaves out and counts what cannot be a request of the model, and makes the trace.
 * The common rules of all readers live here; what a field means lives in the reader.
 */
export class RequestBuilder {
  readonly #requests = new RequestColumns();
  readonly #tokens = new TokenColumns();
  readonly #exclusions = new Exclusions();
  readonly #seen = new NameIndex();
  readonly #instanceNames = new Map<string, string>();
  /** Of the requests taken. */
  readonly #lines: number[] = [];
  readonly #watch: (says: boolean, line: number) => void;
  /** Requests that count as far as they got, and those of which only their time tells. */
  #cut = 0;
  /** Requests taken of which it is known when they were scheduled. */
  #scheduled = 0;
  readonly #cutOff: CutRequest[] = [];
  /** Line of the request whose chunks came last. */
  #chunksOf = 0;
  #lastLine = 1;

  /**
   * `snapped` holds times to the nanosecond: for formats whose times are sums, where rounding would tear apart what happened at one
   * moment (several first tokens of one step).
   */
  constructor(
    private readonly file: string,
    private readonly times: 'as-given' | 'snapped' = 'as-given',
  ) {
    this.#watch = idleLimit(file, 'one that was served', 'requests');
  }

  /** Requests taken so far. */
  get length(): number {
    return this.#requests.length;
  }

  /** Whether it is known of every request taken when it was scheduled. */
  get allScheduled(): boolean {
    return this.#scheduled === this.#requests.length;
  }

  /** What was left out so far, by reason. */
  get exclusions(): readonly Exclusion[] {
    return this.#exclusions.list();
  }

  /** Counts a request that is left out; false, like `add` for one that it does not take. */
  exclude(reason: ExclusionReason, line: number): false {
    this.#lastLine = line;
    this.#exclusions.add(reason, REASONS[reason], line);
    this.#watch(false, line);
    return false;
  }

  /** Counts a request that failed: one without a token was turned away, or is not known to have run. */
  excludeFailed(line: number, hadToken: boolean): false {
    return this.exclude(hadToken ? 'failed' : 'rejected', line);
  }

  /**
   * A request with its times: the prefill starts at `scheduledSec`, or at `arrivalSec` where that is not known. Returns whether it
   * was taken; if not, it is counted among the excluded.
   */
  add(id: string, line: number, row: RequestRow): boolean {
    const held = this.times === 'snapped' ? snapped(row) : row;
    const fault = faultOf(held);
    return fault === undefined ? this.#take(id, line, held) : this.exclude(fault, line);
  }

  /**
   * A request that did not come to its end. Where its tokens are counted and timed it is one of as many tokens as it had by then; else it is left out and
   * counted, and presses on the others up to its end where the file tells one. One without a token may never have run: it does not press.
   *
   * @param row `outputTokens`: those that came, NaN where nobody counted; `firstTokenSec`: NaN where none came, absent where the format does not tell;
   *   `endSec`: when it stopped, where that is not its last token; one that is `unfinished` and has neither went on beyond the end of the log
   */
  addCut(
    reason: 'failed' | 'aborted' | 'unfinished',
    id: string,
    line: number,
    row: RequestRow & { readonly endSec?: number },
  ): boolean {
    const { endSec, ...counted } = row;
    if (row.outputTokens > 0 && faultOf(counted) === undefined) {
      const taken = this.add(id, line, counted);
      if (taken) this.#cut++;
      return taken;
    }
    const first = row.firstTokenSec ?? Number.NaN;
    const arrival = row.arrivalSec ?? Number.NaN;
    const scheduled = row.scheduledSec ?? Number.NaN;
    const start = Number.isNaN(scheduled) ? arrival : scheduled;
    const end = [endSec, row.lastTokenSec].find((sec) => sec !== undefined && !Number.isNaN(sec)) ?? Number.NaN;
    const mayRun = first > start || (row.firstTokenSec === undefined && reason !== 'failed');
    if (!mayRun) return this.exclude(reason === 'failed' ? 'rejected' : 'no-tokens', line);
    const hasTime = Number.isNaN(end) ? reason === 'unfinished' && !Number.isNaN(start) : end > start;
    if (hasTime && row.promptTokens > 0) {
      checkTimes({ ...counted, lastTokenSec: end }, { file: this.file, line });
      const { promptTokens, cachedTokens = Number.NaN, instance } = row;
      const times = { arrivalSec: arrival, scheduledSec: scheduled, firstTokenSec: first, endSec: end };
      this.#cutOff.push({
        ...{ id, line, reason, ...times, promptTokens },
        cachedTokens: Number.isNaN(cachedTokens) ? 0 : cachedTokens,
        instance,
        hasChunks: this.#chunksOf === line,
      });
    }
    return this.exclude(reason, line);
  }

  /**
   * When each chunk of a request arrived, whether the request itself is taken or left out: one that failed or was cut off is load
   * like any other.
   *
   * @throws Fault `trace-io/bad-time` where chunks are out of order or on no clock, `trace-io/bad-count`; nothing is taken then
   */
  addChunks(line: number, row: TokenRow, chunkSec: ArrayLike<number>): void {
    checkCounts(row, { file: this.file, line });
    this.#tokens.add(row, chunkSec, { file: this.file, line });
    this.#chunksOf = line;
  }

  /** A request of a workload: arrival and lengths, no latencies. */
  addArrival(id: string, line: number, row: RequestRow): boolean {
    if (!(row.outputTokens > 0)) return this.exclude('no-output', line);
    if (Number.isNaN(row.arrivalSec ?? Number.NaN)) return this.exclude('no-arrival', line);
    return row.promptTokens > 0 ? this.#take(id, line, row) : this.exclude('no-prompt', line);
  }

  /** Says the name of an instance that requests were added under another one for, because it was not known yet. */
  nameInstance(placeholder: string, name: string): void {
    this.#instanceNames.set(placeholder, name);
  }

  /**
   * The trace of requests that were served.
   *
   * @throws Fault `trace-io/no-requests` when not one request is left.
   */
  trace(facts: Omit<ServedFacts, 'has'>, durationSec?: number): PhaseTrace {
    const { requests, has } = this.#finished();
    // Chunk times of a part of the requests are no whole load.
    const tokens = this.#tokens.length >= requests.length ? this.#tokens.table(durationSec) : undefined;
    const cut = this.#cutOffAmong();
    const phases = phasesOfRequests(requests, facts, (request) => this.#lines[request], cut);
    for (const { reason } of pressing(phases, cut, requests.length)) this.#exclusions.addLoad(reason);
    const unseen = tokens && unseenDecodes(phases, cut, requests.length);
    return {
      kind: 'phases',
      facts: { ...facts, ...(this.#cut > 0 && { cutRequests: this.#cut }), has },
      phases,
      requests,
      ...(tokens && { tokens: { ...tokens, ...(unseen && { unseen }) } }),
      exclusions: this.#exclusions.list(),
    };
  }

  /**
   * The trace of requests of which only their chunks are known, not when they were sent.
   *
   * @returns undefined where there are no requests of several chunks
   */
  tokenTrace(facts: ServedFacts, durationSec?: number): TokenTrace | undefined {
    const tokens = this.#tokens.table(durationSec);
    return tokens && { kind: 'tokens', facts, tokens, exclusions: this.#exclusions.list() };
  }

  /**
   * The trace of requests without latencies.
   *
   * @throws Fault `trace-io/no-requests` when not one request is left.
   */
  workload(facts: FileFacts): WorkloadTrace {
    const { requests, has, exclusions } = this.#finished();
    return { kind: 'workload', facts: { ...facts, has }, requests, exclusions };
  }

  #cutOffAmong(): readonly CutRequest[] {
    return this.#cutOff.map((request) => {
      const { instance } = request;
      return instance === undefined ? request : { ...request, instance: this.#instanceNames.get(instance) ?? instance };
    });
  }

  #finished() {
    const { length } = this.#requests;
    const exclusions = this.#exclusions.list();
    if (length === 0) {
      const why = exclusions.map(({ count, message }) => `${count} ${message}`).join('; ');
      throw new Fault('trace-io/no-requests', {
        what: 'file',
        file: this.file,
        line: this.#lastLine,
        rule: 'must have at least one finished request',
        hint: why === '' ? undefined : `left out: ${why}`,
      });
    }
    const requests = this.#requests.table(this.file, this.#instanceNames);
    return { requests, has: requestFacts(requests), exclusions };
  }

  #take(id: string, line: number, row: RequestRow): boolean {
    this.#lastLine = line;
    checkTimes(row, { file: this.file, line });
    checkCounts(row, { file: this.file, line });
    const before = this.#seen.length;
    const index = this.#seen.internText(row.instance === undefined ? id : `${row.instance}\n${id}`);
    const taken = arrivedBeforeScheduled(row);
    if (index < before) {
      if (this.#requests.isSame(index, taken)) return this.exclude('duplicate-request', line);
      const rule = `must be named once, or be the same wherever it is named (the first time in line ${this.#lines[index]})`;
      throw new Fault('trace-io/duplicate-request', { what: 'request', file: this.file, line, value: id, rule });
    }
    this.#lines.push(line);
    this.#watch(true, line);
    this.#requests.add(id, taken, line);
    if (!Number.isNaN(taken.scheduledSec ?? Number.NaN)) this.#scheduled++;
    return true;
  }
}

/** Whether chunks, of a token at least, leave no room for the reasoning tokens that the server counted in an answer. */
export const hidesReasoning = (chunks: number, outputTokens: number, reasoningTokens: number): boolean =>
  reasoningTokens > 0 && chunks <= outputTokens - reasoningTokens;

const NANOSECONDS = 1e9;

function snapped(row: RequestRow): RequestRow {
  const at = (sec: number | undefined): number => Math.round((sec ?? Number.NaN) * NANOSECONDS) / NANOSECONDS;
  return {
    ...row,
    arrivalSec: at(row.arrivalSec),
    scheduledSec: at(row.scheduledSec),
    firstTokenSec: at(row.firstTokenSec),
    lastTokenSec: at(row.lastTokenSec),
  };
}

/** Rounding, or an arrival on another clock, can put it after the scheduling, which knows better. */
function arrivedBeforeScheduled(row: RequestRow): RequestRow {
  const { arrivalSec, scheduledSec } = row;
  if (arrivalSec === undefined || scheduledSec === undefined || !(arrivalSec > scheduledSec)) return row;
  return { ...row, arrivalSec: scheduledSec };
}

function faultOf(row: RequestRow): ExclusionReason | undefined {
  const scheduled = row.scheduledSec ?? Number.NaN;
  const start = Number.isNaN(scheduled) ? (row.arrivalSec ?? Number.NaN) : scheduled;
  const first = row.firstTokenSec ?? Number.NaN;
  const last = row.lastTokenSec ?? Number.NaN;
  if (!(row.outputTokens > 0)) return 'no-output';
  if (Number.isNaN(first)) return 'no-tokens';
  if (!(first > start)) return 'no-prefill-time';
  if (row.outputTokens > 1 && !(last > first)) return 'no-decode-time';
  return row.cachedTokens !== undefined && row.cachedTokens > row.promptTokens ? 'cached-above-prompt' : undefined;
}
