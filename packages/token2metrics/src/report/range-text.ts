import type { DeviceModel } from '../model/device-model.js';

/** The token counts that a model was trained on; of a calibrated one, those of its samples. */
export const rangeText = ({ metrics }: DeviceModel): string => {
  const [widest] = Object.values(metrics).sort((a, b) => b.range.features.length - a.range.features.length);
  return (
    (widest?.measured ?? widest?.range)?.features.map(({ name, min, max }) => `${name} ${min} to ${max}`).join(', ') ??
    ''
  );
};
