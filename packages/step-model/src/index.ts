export {
  BETAS_SCHEMA,
  type Betas,
  type BetasFile,
  betasFileOf,
  type IdentifiabilityJson,
  type IntervalsJson,
  parseBetasFile,
  snakeCaseKeys,
} from './betas-file.js';
export { StepModelError, type StepModelErrorCode } from './step-model-error.js';
