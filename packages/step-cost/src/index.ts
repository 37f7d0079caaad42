export { BASE_TERMS } from './terms/base-terms.js';
export { CAPTURED_SIZES, CURVE_TERMS, capturedBatchTerms } from './terms/batch-terms.js';
export { type Betas, betasOf, type StepCost, stepCost, stepSeconds } from './terms/betas.js';
export { CATALOGUE, termOf, termsNamed } from './terms/catalogue.js';
export { DIAGNOSTIC_TERMS, PREFILL_TERMS } from './terms/prefill-terms.js';
export { emptyStretch, type StepComposition, type Stretch, type StretchFact, stretchOfStep } from './terms/stretch.js';
export type { Term } from './terms/term.js';
