import { modelOf, modelSchema } from '@stepclock/regression';
import * as v from 'valibot';
import { scaledPredictor } from '../calibration/scaled-predictor.js';
import { coefficient } from '../regressors/bounds.js';
import { cannotBeFitted } from '../regressors/cannot-be-fitted.js';
import { physicsEntries, physicsOf } from '../regressors/physics.js';
import { powerRampPredictor } from '../regressors/power-ramp.js';
import type { Predictor } from '../regressors/predictor.js';
import { regressionPredictor } from '../regressors/regression-predictor.js';

const rampEntries = v.object({
  form: v.literal('power-ramp'),
  of: v.picklist(['energy', 'power'], 'must be "energy" or "power"'),
  plateau_w: coefficient,
  drop_w: coefficient,
  tau_s: v.pipe(
    coefficient,
    v.check((sec) => sec > 0, 'must be above 0'),
  ),
  offset_j: coefficient,
  duration: v.pipe(physicsEntries, v.transform(physicsOf)),
});

const regressionEntries = v.object({ form: v.literal('regression'), model: modelSchema });

/** Exponents of the counts' logarithms: between a tenth and ten times per factor of e. */
const exponent = v.pipe(
  coefficient,
  v.check((c) => Math.abs(c) <= 20, 'must be a number from -20 to 20'),
);

const scalingSchema = v.variant(
  'kind',
  [
    v.object({ kind: v.literal('ratio'), factor: coefficient }),
    v.object({ kind: v.literal('affine'), offset: coefficient, factor: coefficient }),
    v.object({
      kind: v.literal('log-ridge'),
      coefficients: v.tuple([exponent, exponent, exponent], 'must be three numbers'),
      centre: v.tuple([exponent, exponent], 'must be two numbers'),
    }),
  ],
  'must be one of ratio, affine, log-ridge',
);

const scaledEntries = v.object({
  form: v.literal('scaled'),
  scaling: scalingSchema,
  source: v.lazy((): v.GenericSchema<unknown, Predictor> => predictorSchema),
});

/** Any predictor, as its `toJSON` writes it. */
export const predictorSchema: v.GenericSchema<unknown, Predictor> = v.pipe(
  v.variant(
    'form',
    [physicsEntries, rampEntries, regressionEntries, scaledEntries],
    'must be one of physics, power-ramp, regression, scaled',
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): Predictor => {
    switch (value.form) {
      case 'physics':
        return physicsOf(value);
      case 'power-ramp': {
        const { plateau_w: plateauW, drop_w: dropW, tau_s: tauSec, offset_j: offsetJ } = value;
        return powerRampPredictor(value.of, { plateauW, dropW, tauSec, offsetJ }, value.duration);
      }
      case 'scaled':
        return scaledPredictor(value.source, value.scaling);
      case 'regression':
        try {
          return regressionPredictor(modelOf(value.model));
        } catch (error) {
          if (!cannotBeFitted(error)) throw error;
          addIssue({ message: `must hold a model of @stepclock/regression (${error.message})` });
          return NEVER;
        }
    }
  }),
);
