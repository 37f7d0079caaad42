import type { StepLogMatch, StepsComparison } from '@stepclock/step-model';
import { grouped, percent, significant } from './quantity.js';
import { tableText } from './table.js';

/** An estimate beside a step log, for people. */
export const comparisonText = ({ coefficients, meanAbsoluteError, totalTimeError }: StepsComparison): string =>
  [
    tableText([
      ['', 'estimate s', 'its interval', 'step log s', 'error', 'interval holds it'],
      ...coefficients.map(({ coefficient, estimate, reference, error, interval, holdsReference }) => [
        coefficient,
        significant(estimate),
        interval === null ? '-' : interval.map((end) => significant(end)).join(' to '),
        significant(reference),
        error === null ? '-' : percent(error),
        holdsReference === null ? '-' : holdsReference ? 'yes' : 'no',
      ]),
    ]),
    `steps predicted within ${percent(meanAbsoluteError)} on average, their total time off by ${percent(totalTimeError)}`,
  ].join('\n');

const ms = (sec: number | null): string => (sec === null ? '-' : `${(1000 * sec).toPrecision(3)} ms`);
const share = (part: number | null): string => (part === null ? '-' : percent(part));

/** Rebuilt steps beside the engine's own, for people. */
export const matchText = (match: StepLogMatch & { readonly hiddenSteps: number }): string =>
  [
    `steps found: ${grouped(match.steps + match.hiddenSteps)} of ${grouped(match.referenceSteps)} (${match.extra} that the log lacks, ${match.missed} missed, ${match.hiddenSteps} that showed no token)`,
    `ends off by ${ms(match.boundaryP50Sec)} in the median, ${ms(match.boundaryP95Sec)} for 95 % (less what is usual nearby); periods by ${ms(match.periodP50Sec)} and ${ms(match.periodP95Sec)}`,
    ...(match.unlike > 0 ? [`${grouped(match.unlike)} of the steps found hold other work than the log's`] : []),
    `composition: the same decodes in ${share(match.sameDecodes)}, context in ${share(match.sameContext)}, prefill tokens in ${share(match.samePrefill)} of them`,
  ].join('\n');
