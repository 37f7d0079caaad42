import { robustSd } from '@stepclock/numerics';
import { fittedSeconds, type RowTable } from '@stepclock/step-cost';

/** Rows further off than so many robust standard deviations, and this part of what they should take, do not hold the steps that they seem to. */
const DEVIATIONS = 10;
const LEAST_PART = 1e-3;
/** They are few, and longer and shorter ones cancel out to this part of all time: else it is the model that lacks something. */
const FEW = 0.01;
const NET_PART = 1e-3;
/** After preemptions steps hold work that no token shows: prompts begun, given up and begun again. */
const FEW_WITH_UNSEEN_WORK = 0.2;

/**
 * 1 where a row's time contradicts its steps on an engine so even that noise does not explain it: a step that nobody showed, or a prompt
 * laid over the wrong ones.
 *
 * @param apart 1 where a row is out already
 * @param unseenWork whether steps may hold work that no token shows
 */
export function contradictingRows(
  rows: RowTable,
  coefficients: ArrayLike<number>,
  apart: Uint8Array,
  unseenWork: boolean,
): Uint8Array {
  const out = new Uint8Array(rows.length);
  const excess = new Float64Array(rows.length);
  const scaled: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    const fitted = fittedSeconds(rows, coefficients, i);
    if (apart[i] === 1 || !(fitted > 0)) continue;
    excess[i] = rows.seconds[i] - fitted;
    scaled.push(excess[i] / Math.sqrt(fitted));
  }
  if (scaled.length === 0) return out;
  const sd = robustSd(scaled);
  let count = 0;
  let net = 0;
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    total += rows.seconds[i];
    const fitted = rows.seconds[i] - excess[i];
    if (!(Math.abs(excess[i]) > Math.max(DEVIATIONS * sd * Math.sqrt(fitted), LEAST_PART * fitted))) continue;
    out[i] = 1;
    count++;
    net += excess[i];
  }
  const isFew = unseenWork
    ? count <= FEW_WITH_UNSEEN_WORK * rows.length
    : count <= FEW * rows.length && Math.abs(net) <= NET_PART * total;
  return isFew ? out : out.fill(0);
}
