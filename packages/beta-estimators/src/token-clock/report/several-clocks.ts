import { Fault } from '@stepclock/faults';
import type { TokenClockReport } from './token-clock-report.js';

/** Groups of sequences whose steps stall for more than this part of the time do not compute apart from each other. */
const OF_OTHERS = 0.03;

/** @throws Fault `beta-estimators/tokens-do-not-line-up` */
export function refuseSeveralClocks({
  engines,
  stalledShare,
  starts,
}: Pick<TokenClockReport, 'engines' | 'stalledShare' | 'starts'>): void {
  if (engines === 1 || !(stalledShare > OF_OTHERS)) return;
  throw new Fault('beta-estimators/tokens-do-not-line-up', {
    what: 'token times',
    rule: 'must be of one clock, or of engines whose steps their own requests explain',
    value: `${engines} groups of sequences, with stalls for ${(100 * stalledShare).toFixed(1)} % of the time`,
    hint:
      starts === 'given'
        ? 'the groups are likely one engine seen by several clocks; only first and last tokens can be used'
        : 'the file has no start times, and those rebuilt likely split one engine into groups; only first and last tokens can be used',
  });
}
