import { durationText, groupedText, percentText, textTable } from '@stepclock/charts';
import { snakeCaseFields } from '../model-file/snake-case.js';
import type { PhysicalCheck, PossibleCost } from '../physics/possible-cost.js';

const PARTS: Readonly<Record<PhysicalCheck['what'], string>> = {
  'decode-step': "of the memory's bandwidth",
  'prefill-token': 'of the peak operations',
  'context-token': "of the memory's bandwidth",
};

/** What the hardware could do, and at how much of it the engine runs: for people. */
export const physicsText = ({ gpu, tensorParallel, shape }: PossibleCost, checks: readonly PhysicalCheck[]): string => {
  const gpus = tensorParallel === 1 ? gpu.name : `${groupedText(tensorParallel)} x ${gpu.name}`;
  const weights = `${((shape.activeWeights + shape.headWeights) / 1e9).toFixed(1)} billion weights a token`;
  const rows = checks.map(({ what, phrase, measuredSec, possibleSec, share }) => [
    `  ${phrase}`,
    durationText(measuredSec),
    `${durationText(possibleSec)} at best`,
    share === null ? '' : `${percentText(share)} ${PARTS[what]}`,
  ]);
  return [`hardware: ${gpus} (${gpu.source}), ${weights}`, textTable(rows, [0, 2, 3])].join('\n');
};

/** The same for JSON: seconds. */
export const physicsJson = (possible: PossibleCost, checks: readonly PhysicalCheck[]): object => {
  const { gpu, shape, tensorParallel } = possible;
  return snakeCaseFields({ hardware: gpu, tensorParallel, shape, checks });
};
