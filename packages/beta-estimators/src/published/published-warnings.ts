import type { PhaseTable } from '@stepclock/trace-io';
import type { EstimateWarning } from '../estimate.js';
import type { DurationFit } from './duration-fit.js';

/** Below this smallest singular value (columns of length 1) the digits of a coefficient are rounding. */
const DEPENDENT = 1e-10;

const COLUMNS = [
  { name: 'beta0', what: 'steps' },
  { name: 'beta1', what: 'prefill tokens' },
  { name: 'beta2', what: 'decode tokens' },
] as const;

/** What the last regression of a published estimator says about the worth of its coefficients. */
export const fitWarnings = (phases: PhaseTable, fit: DurationFit): EstimateWarning[] => {
  const warnings: EstimateWarning[] = [];
  const engines = phases.instanceIds?.length ?? 1;
  if (engines > 1) {
    warnings.push({
      code: 'several-instances',
      message: `the trace holds ${engines} engines, and this estimator takes them for one: their phases press on each other. Estimate each alone, or use step-clock`,
    });
  }
  const absent = COLUMNS.filter((_, j) => fit.columnNorms[j] === 0);
  for (const { name, what } of absent) {
    warnings.push({
      code: 'not-identifiable',
      message: `${name}: no ${what} in this trace, so it is reported as 0 and not known`,
    });
  }
  const present = COLUMNS.filter((_, j) => fit.columnNorms[j] !== 0).map(({ what }) => what);
  // Columns of zeros have the last singular values, so this is the smallest one of the others.
  if (present.length > 1 && !((fit.singularValues[present.length - 1] ?? 0) > DEPENDENT)) {
    const named = `${present.slice(0, -1).join(', ')} and ${present.at(-1)}`;
    warnings.push({
      code: 'not-identifiable',
      message: `${named} are proportional or nearly so in this trace: their coefficients cannot be told apart, only the durations are determined`,
    });
  }
  if (fit.r2 === null) {
    warnings.push({
      code: 'r2-undefined',
      message: 'all durations are equal, so there is no variance to explain: r2 is null',
    });
  }
  return warnings;
};
