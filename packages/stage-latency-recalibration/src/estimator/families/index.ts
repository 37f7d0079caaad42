import type { Family, FamilyFit } from './family.js';
import { linearForm, logPolynomialForm, physicsForm, polynomialForm } from './linear-forms.js';
import { networkForm, processForm, separateNetworksForm } from './smooth-forms.js';

export const familyFits: Readonly<Record<Family, FamilyFit>> = {
  linear: linearForm,
  polynomial: polynomialForm,
  'log-polynomial': logPolynomialForm,
  physics: physicsForm,
  'gaussian-process': processForm,
  mlp: networkForm,
  'mlp-separate': separateNetworksForm,
};
