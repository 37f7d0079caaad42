import type { EngineFit, EnginesSpread, StepsFit } from '@stepclock/step-model';
import type { Session } from '../session/session.js';
import { betasText, diagnosticsText } from './estimate-text.js';
import { grouped, percent, significant } from './quantity.js';
import { tableText } from './table.js';

const ms = (sec: number): string => `${significant(1e3 * sec, 4)} ms`;

/** What time of a step was fitted, and where the measured time of the log went. */
const timeText = (fit: StepsFit, time: EngineFit['reading']['time'] | undefined): string => {
  const { measuredSeconds, nSteps, nSampled, stallSeconds, stalls } = fit.diagnostics;
  const part =
    nSampled === undefined ? '' : `, from ${percent(nSampled / nSteps)} of the steps in blocks all over the log`;
  const what =
    time === 'period'
      ? 'periods: from the end of the step before to the end of a step'
      : 'elapsed times: what the engine says that a step took, without what it does between two steps';
  const apart =
    stalls === 0
      ? 'no stalls'
      : `${grouped(stalls)} ${stalls === 1 ? 'stall' : 'stalls'} set apart, ${percent(stallSeconds / measuredSeconds)} of the time`;
  const estimate = fit.estimate === 'robust' ? 'the middle of steps, scaled to the measured time' : 'the mean of steps';
  return `fitted: ${estimate}${part}; ${what}; ${apart}`;
};

/** The fit of one engine, or of all of them pooled, for people. */
export const stepFitText = (
  heading: string,
  fit: StepsFit,
  time: EngineFit['reading']['time'] | undefined,
  paint: Session['paint'],
): string => [heading, timeText(fit, time), '', betasText(fit, paint), '', diagnosticsText(fit.diagnostics)].join('\n');

/** Engines of a log beside each other, for people. */
export const enginesText = (fits: readonly EngineFit[], spread: EnginesSpread): string => {
  const rows = fits.map(({ name, fit }, e) => {
    const { nSteps, stalls } = fit.diagnostics;
    const error = spread.errorSec[e];
    return [
      `  ${name}`,
      grouped(nSteps),
      String(stalls),
      ms(spread.stepSec[e]),
      error === null || error === undefined ? '-' : ms(error),
      ...['beta0', 'beta1', 'beta2'].map((label) => significant((fit.betas[label] ?? 0) * 1e6, 4)),
    ];
  });
  const mean = spread.stepSec.reduce((sum, sec) => sum + sec, 0) / fits.length;
  return [
    tableText([
      ['  engine', 'steps', 'stalls', "the log's mean step", 'error', 'beta0 us', 'beta1 us', 'beta2 us'],
      ...rows,
    ]),
    spread.betweenSec === null
      ? 'the logs of some engines are too short to say how unlike the engines are'
      : spread.betweenSec > 0
        ? `the engines differ by ${percent(spread.betweenSec / mean)} (standard deviation) beyond what their errors explain`
        : 'the engines differ by no more than their errors explain',
  ].join('\n');
};
