import { stageFault } from '../../stage-fault.js';
import type { Family, FamilyFit, StagePredictor } from './family.js';
import { linearForm, linearPredictorFrom, logPolynomialForm, physicsForm, polynomialForm } from './linear-forms.js';
import {
  networkForm,
  networkPredictorFrom,
  processForm,
  processPredictorFrom,
  separateNetworksForm,
} from './smooth-forms.js';

export const familyFits: Readonly<Record<Family, FamilyFit>> = {
  linear: linearForm,
  polynomial: polynomialForm,
  'log-polynomial': logPolynomialForm,
  physics: physicsForm,
  'gaussian-process': processForm,
  mlp: networkForm,
  'mlp-separate': separateNetworksForm,
};

/** Reads a predictor back. @throws Fault `stage/bad-model` */
export const predictorFromJSON = (value: unknown): StagePredictor => {
  const json = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  switch (json.family) {
    case 'linear':
    case 'polynomial':
    case 'log-polynomial':
    case 'physics':
      return linearPredictorFrom(json.family, json);
    case 'gaussian-process':
      return processPredictorFrom(json);
    case 'mlp':
    case 'mlp-separate':
      return networkPredictorFrom(json.family, json);
    default:
      throw stageFault('stage/bad-model', { what: 'family', rule: 'must be a known family', value: json.family });
  }
};
