import * as v from 'valibot';
import { estimatorSchema } from '../src/estimator/estimator-schema.js';
import { predictorSchema } from '../src/estimator/families/predictor-schema.js';
import { crossFitSchema } from '../src/guardrail/cross-fit-schema.js';
import { recalibrationSchema } from '../src/recalibration/recalibration-schema.js';
import { stageMapSchema } from '../src/recalibration/stage-map-schema.js';

export const estimatorFrom = (json: unknown) => v.parse(estimatorSchema, json);
export const predictorFrom = (json: unknown) => v.parse(predictorSchema, json);
export const mapFrom = (json: unknown) => v.parse(stageMapSchema, json);
export const recalibrationFrom = (json: unknown) => v.parse(recalibrationSchema, json);
export const crossFitFrom = (json: unknown) => v.parse(crossFitSchema, json);
