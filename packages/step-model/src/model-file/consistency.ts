import type { Fault } from '@stepclock/faults';
import { type Term, termOf } from '@stepclock/step-cost';
import { stepModelFault } from '../step-model-fault.js';
import type { BetasFile } from './betas-schema.js';

/** Rounding of the figures of a covariance, relative to its diagonal. */
const ROUNDING = 1e-6;

/**
 * What a schema cannot say of a betas file: terms are of the catalogue, each once, of the right sign; what is repeated is the same; a covariance
 * is one, of as many terms.
 *
 * @returns the terms of the catalogue, in the file's order
 * @throws Fault `step-model/bad-betas-file`, with the path of the field
 */
export const checkedTerms = (model: BetasFile, catalogue: readonly Term[], file?: string): readonly Term[] => {
  const fault = (what: string, rule: string, value: unknown): Fault =>
    stepModelFault('step-model/bad-betas-file', { what, rule, value, file });
  const { terms, betas, intervals, covariance } = model;
  const repeated: Readonly<Record<string, unknown>> = betas;
  const repeatedIntervals: Readonly<Record<string, unknown>> = intervals ?? {};
  const found: Term[] = [];
  for (const [i, { name, unit, value, interval }] of terms.entries()) {
    const at = `terms[${i}]`;
    const term = known(name, catalogue);
    if (term === undefined) throw fault(`${at}.name`, 'must be a term of the catalogue', name);
    if (found.includes(term)) throw fault(`${at}.name`, 'must not stand twice', name);
    found.push(term);
    if (unit !== term.unit) throw fault(`${at}.unit`, `must be ${term.unit}, the unit of ${term.name}`, unit);
    if (term.sign === 'non-negative' && !(value >= 0)) {
      throw fault(`${at}.value`, 'must be a number of seconds of at least 0', value);
    }
    if (interval !== null && intervals === null) {
      throw fault(`${at}.interval`, 'must be null where intervals has no level', 'an interval');
    }
    const again = repeated[term.label];
    if (term.role === 'base' && again !== value)
      throw fault(`betas.${term.label}`, `must be ${at}.value, ${value}`, again);
    const bounds = repeatedIntervals[term.label];
    if (Array.isArray(bounds) && bounds.some((end, side) => end !== interval?.[side])) {
      throw fault(`intervals.${term.label}`, `must be ${at}.interval`, bounds.join(' to '));
    }
  }
  for (const { label, role } of catalogue) {
    if (role !== 'base' || !repeated[label] || found.some((term) => term.label === label)) continue;
    throw fault(`betas.${label}`, 'must be 0, for it is none of the terms', repeated[label]);
  }
  if (covariance !== null) checkCovariance(covariance, found.length, fault);
  return found;
};

const known = (name: string, catalogue: readonly Term[]): Term | undefined =>
  catalogue.some((term) => term.name === name || term.label === name) ? termOf(name, catalogue) : undefined;

const checkCovariance = (
  covariance: readonly (readonly number[])[],
  size: number,
  fault: (what: string, rule: string, value: unknown) => Fault,
): void => {
  if (covariance.length !== size) throw fault('covariance', `must have ${size} rows, one a term`, covariance.length);
  for (const [i, row] of covariance.entries()) {
    if (row.length !== size) throw fault(`covariance[${i}]`, `must have ${size} numbers`, row.length);
    if (!(row[i] >= 0)) throw fault(`covariance[${i}][${i}]`, 'must be a variance of at least 0', row[i]);
  }
  for (const [i, row] of covariance.entries()) {
    for (const [j, value] of row.entries()) {
      const most = Math.sqrt(row[i]) * Math.sqrt(covariance[j][j]);
      const isSymmetric = Math.abs(value - covariance[j][i]) <= ROUNDING * most;
      if (isSymmetric && Math.abs(value) <= (1 + ROUNDING) * most) continue;
      throw fault(`covariance[${i}][${j}]`, 'must be the covariance of two terms with these variances', value);
    }
  }
};
