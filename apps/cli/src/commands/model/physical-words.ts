import type { Warning } from '@stepclock/faults';
import {
  type PhysicalEstimate,
  type PossibleCost,
  physicalChecks,
  physicsJson,
  physicsText,
  physicsWarnings,
} from '@stepclock/step-model';

/** Nothing where no hardware was named; else the estimate's costs beside what is possible, for warnings, JSON and people. */
export const physicsOf = (
  estimate: PhysicalEstimate,
  possible: PossibleCost | undefined,
): { readonly warnings: readonly Warning[]; readonly json: object; readonly text: readonly string[] } => {
  if (possible === undefined) return { warnings: [], json: {}, text: [] };
  const checks = physicalChecks(estimate, possible);
  return {
    warnings: physicsWarnings(checks),
    json: { physics: physicsJson(possible, checks) },
    text: ['', physicsText(possible, checks)],
  };
};
