import { estimateStepClock } from '@stepclock/beta-estimators';
import { isFault, printable } from '@stepclock/faults';
import { type BetasFile, betasFileOf, type EngineLine, engineLineOf } from '@stepclock/step-model';
import type { RequestGroup } from '@stepclock/trace-io';
import { given } from '../../options/given.js';

/** The model of a group, with what pooling needs and no more: the coefficients by window and the like would be most of the line. */
const modelOf = (group: RequestGroup, maxNumBatchedTokens: number | undefined): BetasFile => {
  if (group.trace === undefined) throw group.fault ?? new Error('a group without a trace has a fault');
  const { phases, facts } = group.trace;
  const found = estimateStepClock(phases, { queueInPrefill: facts.queueInPrefill, ...given({ maxNumBatchedTokens }) });
  const { algo, model, betas, terms, options, intervals, identifiability, verdict, diagnostics, warnings, windows } =
    found;
  const kept = {
    algo,
    model,
    betas,
    terms,
    options,
    intervals,
    identifiability,
    verdict,
    diagnostics,
    warnings,
    windows,
  };
  return betasFileOf({ ...kept, ...given({ promptOffsetTokens: found.promptOffsetTokens }) });
};

/** The line of a group, whatever became of it. */
export const lineOf = (group: RequestGroup, maxNumBatchedTokens: number | undefined, version: string): EngineLine => {
  const { name, label, rows, used, exclusions, startSec } = group;
  const excluded = exclusions.map(({ reason, count, lines }) => ({ reason, count, firstLine: lines[0] ?? null }));
  const known = { engine: name, label, rows, used, excluded, startSec };
  try {
    return engineLineOf(known, { model: modelOf(group, maxNumBatchedTokens) }, version);
  } catch (error) {
    if (!isFault(error)) throw error;
    return engineLineOf(known, { error: { code: error.code, message: printable(error.message) } }, version);
  }
};
