import type { TokenClockEstimate } from '@stepclock/beta-estimators';
import { durationText, formatPercent, groupedText } from '@stepclock/charts';
import type { Warning } from '@stepclock/faults';
import { type EngineFit, meanStepOf, meanStepSentences, parseBetasFile } from '@stepclock/step-model';
import type { Summary } from '../messages.js';
import { betaCells, finiteJson, type TraceInput } from './program.js';

/** An estimate with what is said of it. */
export interface Fitted
  extends Pick<Summary, 'name' | 'heading' | 'format' | 'method' | 'facts' | 'leftOut' | 'isFinal'> {
  readonly estimate: Parameters<typeof betaCells>[0];
  readonly warnings: readonly Warning[];
  readonly model: object;
}

/** The answer in words and figures: those of the program. */
export const summaryOf = (fitted: Fitted & Pick<Summary, 'notes'>): Summary => {
  const { estimate, model, ...said } = fitted;
  const { text } = finiteJson(model, 2);
  const mean = meanStepOf(parseBetasFile(text, fitted.name));
  const [headline = '', ...sentences] = mean === null ? [] : meanStepSentences(mean);
  return {
    ...said,
    headline,
    sentences,
    coefficients: betaCells(estimate).map(({ label, phrase, value, small, interval, unit }, t) => {
      const share = mean?.parts[t].share ?? null;
      return {
        ...{ label, phrase, interval, unit, share },
        value: `${value} ${small}`,
        shareText: share === null ? '' : formatPercent(share, 2),
        seconds: String(estimate.betas[label]),
      };
    }),
    level: estimate.intervals?.level ?? null,
    json: `${text}\n`,
  };
};

export const tokensHeading = ({ trace, name }: TraceInput, { clock }: TokenClockEstimate): string =>
  `${name} (${trace.facts.format}): ${groupedText(clock.requests)} requests, ${groupedText(clock.chunks)} chunks, ${groupedText(clock.steps)} steps`;

export const stepsHeading = ({ name, trace }: TraceInput, { fit }: EngineFit): string =>
  `${name} (${trace.facts.format}): ${groupedText(fit.diagnostics.nSteps)} steps`;

export const phaseHeading = ({
  input: { trace, name },
  phases,
  spanSec,
}: {
  readonly input: TraceInput;
  readonly phases: { readonly length: number };
  readonly spanSec: number;
}): string => {
  const requests = trace.requests === undefined ? '' : `${groupedText(trace.requests.length)} requests, `;
  return `${name} (${trace.facts.format}): ${requests}${groupedText(phases.length)} phases, ${durationText(spanSec)}`;
};
