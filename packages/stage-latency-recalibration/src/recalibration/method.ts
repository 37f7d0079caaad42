/**
 * Ways to carry a source model to another GPU from N samples.
 * - `none`: the source model as it is;
 * - `affine` (method A): `y = a f + b` a stage, least squares in ms;
 * - `global-affine` (method B): the same on the total;
 * - `fine-tuned` (method C): the source's network, trained on;
 * - `affine-relative`: A with weights 1/y, for relative errors;
 * - `log-affine`: `log y = a log f + b`; `scale`: `y = c f`, c the median ratio;
 * - `ridge`: quadratic polynomial of knobs and log f for `log(y/f)`;
 * - `gaussian-process`: a process for `log(y/f)` over knobs and log f; `trend-process`: the same over a quadratic trend;
 * - `stage-mix`: `total = sum a_k f_k + b`, non-negative: needs totals only;
 * - `auto`: each stage a blend of scale, affine-relative, log-affine and the two processes, weighted by cross-validation on the samples; or no
 *   change where that errs least. From totals alone the same on the total, or the stage mix where that errs less.
 */
export const METHODS = [
  'none',
  'affine',
  'global-affine',
  'fine-tuned',
  'affine-relative',
  'log-affine',
  'scale',
  'ridge',
  'gaussian-process',
  'trend-process',
  'stage-mix',
  'auto',
] as const;

export type Method = (typeof METHODS)[number];

/** Those that target totals are enough for. */
const FROM_TOTALS: readonly Method[] = ['none', 'global-affine', 'stage-mix', 'auto'];

export const needsStages = (method: Method): boolean => !FROM_TOTALS.includes(method);

/** What `auto` weighs. Ridge is left out: the process over a trend holds the same hypothesis, with a penalty that the data chooses. */
export const CANDIDATES = [
  'none',
  'scale',
  'affine-relative',
  'log-affine',
  'gaussian-process',
  'trend-process',
] as const;

export type Candidate = (typeof CANDIDATES)[number];

/** Samples that a method needs at the least. */
export const leastSamples = (method: Method): number => {
  switch (method) {
    case 'none':
      return 0;
    case 'scale':
      return 1;
    case 'affine':
    case 'global-affine':
    case 'affine-relative':
    case 'log-affine':
      return 3;
    default:
      return 4;
  }
};
