import { type JsonReader, modelFromJSON } from '@stepclock/regression';
import { scaledFromJSON } from '../calibration/scaled-predictor.js';
import { regressionPredictor } from './fit-regressor.js';
import { physicsFromJSON } from './physics.js';
import { powerRampPredictor } from './power-ramp.js';
import type { Predictor } from './predictor.js';

/** Any predictor from its parsed JSON. @throws Fault `regression/bad-model` */
export const predictorFromJSON = (reader: JsonReader): Predictor => {
  const form = reader.string('form');
  switch (form) {
    case 'physics':
      return physicsFromJSON(reader);
    case 'power-ramp': {
      const of = reader.string('of');
      if (of !== 'energy' && of !== 'power') throw reader.fault('of', 'must be "energy" or "power"');
      const ramp = {
        plateauW: reader.number('plateau_w'),
        dropW: reader.number('drop_w'),
        tauSec: reader.number('tau_s'),
        offsetJ: reader.number('offset_j'),
      };
      if (!(ramp.tauSec > 0)) throw reader.fault('tau_s', 'must be above 0');
      return powerRampPredictor(of, ramp, physicsFromJSON(reader.object('duration')));
    }
    case 'regression':
      return regressionPredictor(modelFromJSON(reader.raw('model')));
    case 'scaled':
      return scaledFromJSON(reader);
    default:
      throw reader.fault('form', 'must be one of physics, power-ramp, regression, scaled');
  }
};
