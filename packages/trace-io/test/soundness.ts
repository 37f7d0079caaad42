import { DECODE, type NameColumn, PREFILL, type RequestTable, type TokenTable, type Trace } from '@stepclock/trace-io';

/** No clock shows more (src/bounds/clock-range.ts). */
const FARTHEST = 1e11;

/** Throws where a trace holds anything that a reader must never let through. */
export function assertSound(trace: Trace): void {
  const { phases, requests, steps, tokens, windows } = trace;
  if (!(phases ?? requests ?? steps ?? tokens ?? windows)) throw new Error('a trace of nothing');
  if (phases) {
    const { length, kind, startSec, endSec, prefillTokens, decodeTokens, request } = phases;
    for (let i = 0; i < length; i++) {
      const code = kind[i];
      must(code === PREFILL || code === DECODE, 'kind', code);
      must(Number.isFinite(startSec[i]) && endSec[i] > startSec[i], 'times', [startSec[i], endSec[i]]);
      must(Math.abs(startSec[i]) <= FARTHEST && Math.abs(endSec[i]) <= FARTHEST, 'clock', endSec[i]);
      must(endSec[i] - startSec[i] >= 1e-12, 'duration', [startSec[i], endSec[i]]);
      must(
        isCount(prefillTokens[i]) && (code === PREFILL || prefillTokens[i] === 0),
        'prefill tokens',
        prefillTokens[i],
      );
      must(isCount(decodeTokens[i]) && (code === DECODE || decodeTokens[i] === 0), 'decode tokens', decodeTokens[i]);
      const given = phases.steps?.[i];
      must(given === undefined || Number.isNaN(given) || isCount(given), 'steps', given);
      must(phases.cachedTokens === undefined || isCount(phases.cachedTokens[i]), 'cached', phases.cachedTokens?.[i]);
      mustName(phases.requestIds, request[i]);
      if (phases.instance) mustName(phases.instanceIds, phases.instance[i]);
    }
  }
  if (requests) assertRequests(requests);
  if (tokens) assertTokens(tokens);
  if (steps) {
    for (let i = 0; i < steps.length; i++) {
      must(Number.isFinite(steps.durationSec[i]) && steps.durationSec[i] >= 0, 'duration', steps.durationSec[i]);
      // A row of several steps has the mean of their decodes.
      const areDecodes = steps.steps === undefined ? isCount(steps.decodeTokens[i]) : steps.decodeTokens[i] >= 0;
      must(isCount(steps.prefillTokens[i]) && areDecodes, 'step tokens', steps.prefillTokens[i]);
    }
  }
  for (const { reason, count, lines } of trace.exclusions) {
    must(/^[a-z0-9-]+$/.test(reason) && count > 0 && lines.length > 0, 'exclusion', { reason, count });
  }
}

function assertTokens({ requestCount, sentSec, promptTokens, outputTokens, chunkOffsets, chunkSec }: TokenTable): void {
  must(requestCount > 0, 'requests', requestCount);
  for (let r = 0; r < requestCount; r++) {
    must(Number.isFinite(sentSec[r]) && Math.abs(sentSec[r]) <= FARTHEST, 'sent', sentSec[r]);
    must(isCount(promptTokens[r]) && isCount(outputTokens[r]), 'tokens', [promptTokens[r], outputTokens[r]]);
    for (let i = chunkOffsets[r]; i < chunkOffsets[r + 1]; i++) {
      must(
        Number.isFinite(chunkSec[i]) && (i === chunkOffsets[r] || chunkSec[i] >= chunkSec[i - 1]),
        'chunk',
        chunkSec[i],
      );
    }
  }
}

function assertRequests(requests: RequestTable): void {
  const times = [requests.arrivalSec, requests.scheduledSec, requests.firstTokenSec, requests.lastTokenSec];
  for (let i = 0; i < requests.length; i++) {
    mustName(requests.requestIds, i);
    must(isCount(requests.promptTokens[i]), 'prompt', requests.promptTokens[i]);
    must(isCount(requests.outputTokens[i]) && requests.outputTokens[i] > 0, 'output', requests.outputTokens[i]);
    for (const column of times) {
      must(column === undefined || Number.isNaN(column[i]) || Math.abs(column[i]) <= FARTHEST, 'time', column?.[i]);
    }
    must(
      times.some((column) => column !== undefined && Number.isFinite(column[i])),
      'a time',
      i,
    );
  }
}

function isCount(value: number | undefined): boolean {
  return value !== undefined && value >= 0 && Number.isSafeInteger(value);
}

function mustName(names: NameColumn | undefined, index: number | undefined): void {
  must(typeof names?.at(index ?? -1) === 'string', 'name', index);
}

function must(holds: boolean, what: string, value: unknown): void {
  if (!holds) throw new Error(`unsound ${what}: ${JSON.stringify(value)} ${String(value)}`);
}
