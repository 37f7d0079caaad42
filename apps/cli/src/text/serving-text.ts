import type { MeasuredServing } from '@stepclock/step-model';
import { significant } from './quantity.js';

/** What a replay of an estimate's own log tells, one line a fact. */
export const servingText = (serving: MeasuredServing | undefined): readonly string[] => {
  if (serving?.overhead === undefined) return [];
  const { seconds, secondsPerPromptToken } = serving.overhead;
  const perToken =
    secondsPerPromptToken === 0 ? '' : ` and ${significant(1e6 * secondsPerPromptToken, 3)} us a prompt token`;
  return [`${significant(1e3 * seconds, 3)} ms${perToken} lie between the client and the engine`];
};
