export {
  between,
  count,
  finite,
  level,
  nonNegative,
  orderedPair,
  orderedPairWithin,
  positive,
  squareMatrix,
  text,
} from './number-schemas.js';
export { jsonOfModelFile, type ModelFileKind, modelOfJson, readModelFile } from './read-model-file.js';
export { type ValidationOptions, validated } from './validated.js';
