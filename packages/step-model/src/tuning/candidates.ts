import type { EngineUnderLoad } from '../capacity/engine-under-load.js';
import type { LoadShape } from '../capacity/load-shape.js';
import { rateWithinSlos } from '../capacity/rate-within-slos.js';
import type { Slo } from '../capacity/slo.js';
import type { EngineSetting } from './engine-setting.js';

/** A setting with the rate that it took, requests/s. */
export interface Candidate {
  readonly setting: EngineSetting;
  readonly engine: EngineUnderLoad;
  readonly ratePerSec: number;
}

/** The first step of a search from a rate that is known. */
export const CLOSE = 1.05;
/** Rates that differ by less are the same. */
const SAME_RATE = 0.005;
/** Where vLLM begins. */
const USUAL: EngineSetting = { maxNumSeqs: 256, maxNumBatchedTokens: 8192, policy: 'mixed' };

/** From the settings that are likely to be good on: whoever comes later must come near them. */
export const inOrder = (
  settings: readonly EngineSetting[],
  today: EngineSetting | undefined,
): readonly EngineSetting[] => {
  const first = today ?? USUAL;
  const away = ({ maxNumSeqs, maxNumBatchedTokens, policy }: EngineSetting): number =>
    Math.abs(Math.log(maxNumSeqs / first.maxNumSeqs)) +
    Math.abs(Math.log(maxNumBatchedTokens / first.maxNumBatchedTokens)) +
    (policy === first.policy ? 0 : 1);
  return [...settings].sort((a, b) => away(a) - away(b));
};

export const byFallingRate = <One extends Candidate>(candidates: readonly One[]): readonly One[] =>
  [...candidates].sort((a, b) => b.ratePerSec - a.ratePerSec);

/** Candidates searched again over more requests, by falling rate; without those that hold the SLOs at no rate. */
export const settled = <One extends Candidate>(
  candidates: readonly One[],
  requestsOf: (one: One) => LoadShape,
  slos: readonly Slo[],
  tolerance: number,
): readonly One[] =>
  byFallingRate(
    candidates.flatMap((one) => {
      const beginning = { tolerance, from: one.ratePerSec, growth: CLOSE };
      const { holdsPerSec } = rateWithinSlos(one.engine, requestsOf(one), slos, beginning);
      return holdsPerSec === undefined ? [] : [{ ...one, ratePerSec: holdsPerSec }];
    }),
  );

/** Those that take at least a share of the best rate, of candidates by falling rate. */
export const nearBest = <One extends Candidate>(
  candidates: readonly One[],
  share: number,
  atMost: number,
): readonly One[] =>
  candidates.filter(({ ratePerSec }) => ratePerSec >= share * candidates[0].ratePerSec).slice(0, atMost);

/**
 * Candidates that are worth a trial each, by falling rate: of those as good as the best the one that changes least, and none that differs from one
 * of these in a limit that makes no difference.
 */
export const differing = (candidates: readonly Candidate[], ordered: readonly EngineSetting[]): Candidate[] => {
  const place = ({ setting }: Candidate): number => ordered.indexOf(setting);
  const chosen: Candidate[] = [];
  for (const one of candidates) {
    const alike = candidates.filter(({ ratePerSec }) => Math.abs(ratePerSec / one.ratePerSec - 1) < SAME_RATE);
    const least = alike.reduce((best, other) => (place(other) < place(best) ? other : best), one);
    const isKnown = chosen.some(
      ({ setting, ratePerSec }) =>
        Math.abs(ratePerSec / least.ratePerSec - 1) < SAME_RATE &&
        (setting.maxNumSeqs === least.setting.maxNumSeqs ||
          setting.maxNumBatchedTokens === least.setting.maxNumBatchedTokens),
    );
    if (!isKnown) chosen.push(least);
  }
  return chosen;
};
