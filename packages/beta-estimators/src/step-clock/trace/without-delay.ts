import { type PhaseTable, PREFILL } from '@stepclock/trace-io';

/** No phase loses more than this share of itself. */
const MOST_SHARE = 0.5;

/**
 * A client's times without what some tokens were late beside others of their step: a server may send the last one with the end of the stream.
 *
 * @param firstDelaySec by how much first tokens were seen later than others; negative: last ones were late
 */
export const withoutDelay = (phases: PhaseTable, firstDelaySec: number): PhaseTable => {
  const { kind, startSec, endSec } = phases;
  const most = (i: number): number => MOST_SHARE * (endSec[i] - startSec[i]);
  const late = Math.abs(firstDelaySec);
  // A decode begins with its prompt's end: both lose the same.
  const firstLate = new Float64Array(firstDelaySec > 0 ? phases.requestIds.length : 0);
  if (firstDelaySec > 0) {
    for (let i = 0; i < phases.length; i++)
      if (kind[i] === PREFILL) firstLate[phases.request[i]] = Math.min(late, most(i));
  }
  return {
    ...phases,
    startSec:
      firstDelaySec > 0
        ? startSec.map((sec, i) => (kind[i] === PREFILL ? sec : sec - firstLate[phases.request[i]]))
        : startSec,
    endSec: endSec.map((sec, i) => {
      if (firstDelaySec > 0) return kind[i] === PREFILL ? sec - firstLate[phases.request[i]] : sec;
      return kind[i] === PREFILL ? sec : sec - Math.min(late, most(i));
    }),
  };
};
