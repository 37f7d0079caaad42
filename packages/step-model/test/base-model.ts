import { type BetasFile, parseBetasFile } from '../src/index.js';

type Interval = readonly [number, number];

/** What the tests say of a model, in the words of `stepclock/betas@1`. */
export interface BaseModel {
  readonly betas: { readonly beta0: number; readonly beta1: number; readonly beta2: number; readonly beta3?: number };
  readonly intervals?:
    | {
        readonly level: number;
        readonly beta0: Interval;
        readonly beta1: Interval;
        readonly beta2: Interval;
        readonly beta3?: Interval;
        readonly covariance?: readonly (readonly number[])[];
      }
    | undefined;
  readonly identifiability?: object;
  readonly input?: object;
}

/** A model of base terms, as its file is read. */
export const baseModel = (model: BaseModel, algo = 'step-clock'): BetasFile =>
  parseBetasFile(JSON.stringify({ schema: 'stepclock/betas@1', algo, ...model }), 'base.json');
