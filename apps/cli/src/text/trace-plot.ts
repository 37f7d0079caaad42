import type { StepClockDetails } from '@stepclock/beta-estimators';
import { textHistogram, textLine } from '@stepclock/charts';

/** Prefill pressure over time and the residuals of the phases, drawn with letters. */
export const tracePlot = ({ segments, phases }: StepClockDetails, width: number): string => {
  const working = Uint32Array.from({ length: segments.steps.length }, (_, j) => j).filter(
    (j) => (segments.steps[j] ?? 0) > 0,
  );
  const pick = (of: (j: number) => number): Float64Array => Float64Array.from(working, of);
  const predicted = Uint32Array.from({ length: phases.row.length }, (_, i) => i).filter(
    (i) => (phases.predictedSec[i] ?? 0) > 0,
  );
  const residual = Float64Array.from(
    predicted,
    (i) => 100 * ((phases.observedSec[i] ?? 0) / (phases.predictedSec[i] ?? 1) - 1),
  );
  return [
    textLine({
      title: 'prefill pressure, tokens per step',
      x: pick((j) => segments.startSec[j] ?? 0),
      y: pick((j) => (segments.prefillTokens[j] ?? 0) / (segments.steps[j] ?? 1)),
      weight: pick((j) => segments.durationSec[j] ?? 0),
      xUnit: 's',
      width,
    }),
    '',
    textHistogram({
      title: 'observed over predicted duration of a phase, minus one',
      values: residual,
      unit: '%',
      width,
    }),
  ].join('\n');
};
