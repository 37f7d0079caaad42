import { stageFault } from '../stage-fault.js';

/** What a rule did on configurations whose totals are known. Shares in percent; null where nothing could go that way. */
export interface GuardrailFigures {
  /** Violations when everything is accepted. */
  readonly violationsWithoutPercent: number;
  /** Violations among the accepted. */
  readonly violationsWithPercent: number | null;
  /** Totals at or below their upper bound. */
  readonly coveragePercent: number;
  /** Violating and accepted, over violating. */
  readonly falseAcceptPercent: number | null;
  /** Keeping the budget and not accepted, over keeping it. */
  readonly falseRejectPercent: number | null;
  readonly acceptedPercent: number;
}

const percent = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);

/** @throws Fault `stage/no-rows` without a total */
export const guardrailFigures = (
  measuredMs: Float64Array,
  upperMs: Float64Array,
  budgetMs: number,
  accepted: (row: number) => boolean = (row) => upperMs[row] <= budgetMs,
): GuardrailFigures => {
  const n = measuredMs.length;
  if (n === 0) throw stageFault('stage/no-rows', { what: 'totals', rule: 'must be at least one', value: 0 });
  let violating = 0;
  let falseAccepts = 0;
  let falseRejects = 0;
  let accepts = 0;
  let covered = 0;
  measuredMs.forEach((ms, i) => {
    const violates = ms > budgetMs;
    const passes = accepted(i);
    if (violates) violating++;
    if (passes) accepts++;
    if (violates && passes) falseAccepts++;
    if (!violates && !passes) falseRejects++;
    if (ms <= upperMs[i]) covered++;
  });
  return {
    violationsWithoutPercent: (100 * violating) / n,
    violationsWithPercent: percent(falseAccepts, accepts),
    coveragePercent: (100 * covered) / n,
    falseAcceptPercent: percent(falseAccepts, violating),
    falseRejectPercent: percent(falseRejects, n - violating),
    acceptedPercent: (100 * accepts) / n,
  };
};
