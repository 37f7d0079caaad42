import { compareModels, comparisonJson, comparisonText, parseBetasFile } from '@stepclock/step-model';
import type { ComparisonView } from '../messages.js';

/** Two models beside each other, as `stepclock compare` says it. */
export const comparisonOf = (a: string, b: string, names: readonly [string, string]): ComparisonView => {
  const compared = compareModels(parseBetasFile(a, names[0]), parseBetasFile(b, names[1]), names);
  return { text: comparisonText(compared), json: `${JSON.stringify(comparisonJson(compared), null, 2)}\n` };
};
