import { DECODE } from '../tables/phase-table.js';
import type { PhaseTrace, TraceFacts } from '../trace.js';

const UNITS = [
  ['s', 1],
  ['ms', 1e-3],
  ['us', 1e-6],
  ['ns', 1e-9],
] as const;

/** A token takes an engine between half a millisecond and half a second: a range in which one unit fits, and no other. */
const SHORTEST_TOKEN_SEC = 5e-4;
const LONGEST_TOKEN_SEC = 0.5;

/**
 * The unit in which the decodes of a trace that was read as seconds are possible; undefined where none is, or nothing decodes. A file
 * that names its columns as it likes seldom says its unit.
 */
export function likelyTimeUnit({ phases }: PhaseTrace): TraceFacts['timeUnit'] | undefined {
  const perToken = Array.from(phases.kind.keys())
    .filter((i) => phases.kind[i] === DECODE && phases.decodeTokens[i] > 0)
    .map((i) => (phases.endSec[i] - phases.startSec[i]) / phases.decodeTokens[i])
    .sort((a, b) => a - b);
  const middle = perToken[perToken.length >> 1];
  if (middle === undefined) return undefined;
  return UNITS.find(([, sec]) => middle * sec >= SHORTEST_TOKEN_SEC && middle * sec < LONGEST_TOKEN_SEC)?.[0];
}
