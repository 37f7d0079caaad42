import { durationText, percentText } from '@stepclock/charts';
import type { Unreachable } from '../../capacity/lone-requests.js';
import { type Slo, sloName } from '../../capacity/slo.js';

export const limitText = (slo: Slo): string => `${sloName(slo)} <= ${durationText(slo.limitSec)}`;

/** Why no rate keeps some SLOs, one sentence. */
export const unreachableText = (slos: readonly Slo[], [worst]: readonly Unreachable[]): string =>
  worst === undefined
    ? `No rate keeps ${slos.map(limitText).join(', ')}.`
    : `No rate keeps ${limitText(worst.slo)}: a request alone has ${durationText(worst.valueSec)}, and half of the cost of ${worst.term} would take ${percentText(worst.shareOfHalf, 0)} of it.`;
