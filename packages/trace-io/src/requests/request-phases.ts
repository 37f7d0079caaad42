import { PhaseColumns } from '../tables/phase-columns.js';
import { DECODE, type PhaseTable, PREFILL } from '../tables/phase-table.js';
import type { RequestTable } from '../tables/request-table.js';
import { addCutPhases, type CutRequest } from './cut-requests.js';

/** Facts of a request table that say how its phases come about. */
export interface PhaseRule {
  /** Whether the first output token comes with the last prefill step (D output tokens: D - 1 decode steps) or costs a decode step of its own. */
  readonly firstTokenWithPrefill: boolean;
}

/**
 * The phases of requests: a prefill from scheduled (or arrival, where nothing says when it was scheduled) to first token, a decode
 * from first to last token of `outputTokens - 1` steps.
 *
 * A request of one output token has no decode phase. Requests without a first token, or without time between the two
 * marks of a phase, do not give that phase.
 *
 * @param lineOfRequest line of the file that each request was read from, for messages
 * @param cut requests besides, which were cut off
 * @example
 * phasesOfRequests({ length: 1, requestIds: ..., scheduledSec: [0], firstTokenSec: [0.1], lastTokenSec: [0.5], promptTokens: [96], outputTokens: [5] })
 * // prefill [0, 0.1) of 96 tokens, decode [0.1, 0.5) of 4
 */
export function phasesOfRequests(
  requests: RequestTable,
  rule: PhaseRule = { firstTokenWithPrefill: true },
  lineOfRequest?: (request: number) => number,
  cut: readonly CutRequest[] = [],
): PhaseTable {
  const { length, scheduledSec, arrivalSec, firstTokenSec, lastTokenSec, promptTokens, cachedTokens, outputTokens } =
    requests;
  const phases = new PhaseColumns();
  const missing = Number.NaN;
  for (let i = 0; i < length; i++) {
    const scheduled = scheduledSec?.[i] ?? missing;
    const start = Number.isNaN(scheduled) ? (arrivalSec?.[i] ?? missing) : scheduled;
    const first = firstTokenSec?.[i] ?? missing;
    const last = lastTokenSec?.[i] ?? missing;
    const knownCached = cachedTokens?.[i] ?? 0;
    const cached = Number.isNaN(knownCached) ? 0 : knownCached;
    const instance = requests.instance?.[i];
    if (first > start) {
      phases.add(PREFILL, start, first, promptTokens[i] - cached, i);
      if (cached > 0) phases.setCachedTokens(cached);
      if (instance !== undefined) phases.setInstance(instance);
    }
    const steps = outputTokens[i] - (rule.firstTokenWithPrefill ? 1 : 0);
    if (steps > 0 && last > first) {
      phases.add(DECODE, first, last, steps, i);
      const told = requests.decodeSteps?.[i] ?? missing;
      if (!Number.isNaN(told)) phases.setSteps(told);
      if (instance !== undefined) phases.setInstance(instance);
    }
  }
  if (cut.length === 0) {
    const lineOf = lineOfRequest && ((_: number, request: number) => lineOfRequest(request));
    return phases.table(requests.requestIds, requests.instanceIds, lineOf);
  }
  addCutPhases(phases, requests, cut);
  return phases.table(
    { length: length + cut.length, at: (i) => cut[i - length]?.id ?? requests.requestIds.at(i) },
    requests.instanceIds,
    lineOfRequest && ((_, request) => cut[request - length]?.line ?? lineOfRequest(request)),
  );
}
