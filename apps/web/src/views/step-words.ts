import { durationText, groupedText, percentText } from '@stepclock/charts';
import type { RequestLanes, Timeline } from '../messages.js';

const whole = (value: number): string => (Number.isInteger(value) ? groupedText(value) : value.toFixed(1));

/** What a bar holds, by name. */
export const stepFacts = ({ bars, isOfSteps }: Timeline, i: number): readonly (readonly [string, string])[] => {
  const measuredSec = bars.measuredSec[i];
  const steps = bars.steps[i];
  const prefill = bars.prefillTokens[i];
  return [
    [isOfSteps ? `step ${groupedText(i + 1)}` : 'stretch', `at ${durationText(bars.startSec[i])}`],
    ...(steps === 1 ? [] : [['steps', whole(Math.round(steps * 10) / 10)] as const]),
    ['decode', `${whole(bars.decodeSeqs[i])} sequences`],
    ['prefill', prefill === 0 ? 'none' : `${whole(Math.round(prefill))} tokens of ${whole(bars.prefillSeqs[i])}`],
    ['waiting', whole(bars.waiting[i])],
    ['context', `${groupedText(bars.contextTokens[i])} tokens`],
    ['measured', durationText(measuredSec)],
    ['model', durationText(bars.predictedSec[i])],
    ['off', percentText(measuredSec / bars.predictedSec[i] - 1, 1)],
  ];
};

/** What is known of a request, by name. */
export const requestFacts = (requests: RequestLanes, k: number): readonly (readonly [string, string])[] => {
  const { arrivalSec, scheduledSec, firstTokenSec, lastTokenSec, promptTokens, outputTokens, names } = requests;
  const output = outputTokens[k];
  return [
    ['request', names[k] ?? `number ${groupedText(k + 1)}`],
    ['sent', `at ${durationText(arrivalSec[k])}`],
    ...(scheduledSec[k] > arrivalSec[k] ? [['waited', durationText(scheduledSec[k] - arrivalSec[k])] as const] : []),
    ['TTFT', durationText(firstTokenSec[k] - arrivalSec[k])],
    ['latency', durationText(lastTokenSec[k] - arrivalSec[k])],
    ...(output > 1 ? [['TPOT', durationText((lastTokenSec[k] - firstTokenSec[k]) / (output - 1))] as const] : []),
    ['prompt', `${groupedText(promptTokens[k])} tokens`],
    ['output', `${groupedText(output)} tokens`],
  ];
};
