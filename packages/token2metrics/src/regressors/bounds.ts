import { between, text } from '@stepclock/model-file';
import * as v from 'valibot';

/** No metric and no coefficient of one is larger: 1e15 s are 30 million years. Beyond, sums over tokens could overflow. */
export const LARGEST = 1e15;

/** A number of a model file, of any sign. */
export const coefficient = between(-LARGEST, LARGEST);

/** A number of a model file that is not below 0. */
export const size = between(0, LARGEST);

/** Tokens that prompts are padded to a multiple of. */
export const paddingSchema = v.pipe(between(1, 1e9), v.integer('must be a whole number'));

/** Names, each of a length that a terminal can show. */
export const names = v.array(text(200), 'must be an array of texts');
