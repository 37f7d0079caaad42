import type { RequestTable } from '../tables/request-table.js';
import type { RequestFact } from '../trace.js';

/** What a request table tells of its requests. */
export function requestFacts(requests: RequestTable): RequestFact[] {
  const known: [RequestFact, boolean][] = [
    ['arrival', requests.arrivalSec !== undefined],
    ['scheduled', requests.scheduledSec !== undefined],
    ['first-token', requests.firstTokenSec !== undefined],
    ['last-token', requests.lastTokenSec !== undefined],
    ['prompt', true],
    ['cached', requests.cachedTokens !== undefined],
    ['output', true],
    ['decode-steps', requests.decodeSteps !== undefined],
    ['preemptions', requests.preemptions !== undefined],
  ];
  return known.filter(([, there]) => there).map(([fact]) => fact);
}
