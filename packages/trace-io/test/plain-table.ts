import type { PhaseTable } from '@stepclock/trace-io';

/** A phase table as rows that a test can read and compare. */
export function plain(table: PhaseTable) {
  return Array.from({ length: table.length }, (_, i) => {
    const steps = table.steps?.[i];
    const cached = table.cachedTokens?.[i];
    const instance = table.instance?.[i];
    return {
      request: table.requestIds.at(table.request[i]),
      kind: table.kind[i],
      start: table.startSec[i],
      end: table.endSec[i],
      prefill: table.prefillTokens[i],
      decode: table.decodeTokens[i],
      ...(steps !== undefined && !Number.isNaN(steps) && { steps }),
      ...(cached !== undefined && cached > 0 && { cached }),
      ...(instance !== undefined && { instance: table.instanceIds?.at(instance) }),
    };
  });
}
