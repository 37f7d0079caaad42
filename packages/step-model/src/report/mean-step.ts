import { formatPercent, formatSeconds } from '@stepclock/charts';
import { CATALOGUE, mergeWindows, readWindows, type Term } from '@stepclock/step-cost';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';

/** What one term takes of the mean step of a model's own log. */
export interface MeanStepPart {
  readonly label: string;
  readonly phrase: string;
  /** Of its coefficient: `s/token`. */
  readonly unit: string;
  /** The coefficient, s per unit. */
  readonly value: number;
  /** Of the mean step, and as a share of all parts. */
  readonly seconds: number;
  readonly share: number;
}

/** The mean step of a model's own log by its terms. */
export interface MeanStep {
  readonly seconds: number;
  readonly parts: readonly MeanStepPart[];
}

/** Where the time of the mean step goes; null where the model's file has no windows to tell what a step held. */
export const meanStepOf = (model: BetasFile, catalogue: readonly Term[] = CATALOGUE): MeanStep | null => {
  const { windows } = model;
  if (!windows || windows.windows.length === 0) return null;
  const { terms: held, sums, steps } = mergeWindows(readWindows(windows, catalogue));
  const parts = checkedTerms(model, catalogue).map(({ name, label, phrase, unit }, t) => {
    const at = held.findIndex((term) => term.name === name);
    const { value } = model.terms[t];
    return { label, phrase, unit, value, seconds: at < 0 ? 0 : (value * sums[at]) / steps };
  });
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  return { seconds, parts: parts.map((part) => ({ ...part, share: part.seconds / seconds })) };
};

/** "A step costs 8.6 ms before any token: 71 % of the mean step of 12.1 ms." and what the other terms add. */
export const meanStepSentences = ({ seconds, parts }: MeanStep): readonly string[] => {
  const [fixed, ...others] = parts;
  const ofMean = `of the mean step of ${formatSeconds(seconds, 3)}`;
  return [
    ...(fixed === undefined
      ? []
      : [
          `A step costs ${formatSeconds(fixed.value, 3)} before any token: ${formatPercent(fixed.share, 2)} ${ofMean}.`,
        ]),
    ...others.map(({ value, phrase, share }) =>
      value === 0
        ? `Nothing is added ${phrase}.`
        : `${formatSeconds(value, 3)} are added ${phrase}: ${formatPercent(share, 2)} of the mean step.`,
    ),
  ];
};
