import type { ClockedSteps } from '../clocked-steps.js';
import { START } from '../steps/step-starts.js';

/** Rows of neighbouring steps: the first step of each, one past its last, and when it begins and ends. */
export interface StepRows {
  readonly length: number;
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  /** 1 where the row begins on an idle engine, so that only the client's clock tells when. */
  readonly clientStart: Uint8Array;
}

/**
 * Cuts the steps into rows of at least `least` steps; a row never spans an idle stretch.
 *
 * @param sound 1 where a row may end after the step (`soundEnds`)
 */
export function stepRows({ steps, starts }: ClockedSteps, sound: Uint8Array, least: number): StepRows {
  const { endSec, length } = steps;
  const from: number[] = [];
  const to: number[] = [];
  let open = -1;
  for (let k = 0; k < length; k++) {
    const kind = starts.kind[k];
    if (kind !== START.FOLLOWS) open = kind === START.IDLE ? k : -1;
    if (open < 0) {
      // After a start that nobody knows a row begins at the first sound end.
      if (sound[k] === 1) open = k + 1;
      continue;
    }
    const last = k + 1 === length || starts.kind[k + 1] !== START.FOLLOWS;
    if (!last && (k + 1 - open < least || sound[k] === 0)) continue;
    from.push(open);
    to.push(k + 1);
    open = k + 1;
  }
  const isClientStart = (k: number): boolean => starts.kind[k] === START.IDLE;
  return {
    length: from.length,
    from: Int32Array.from(from),
    to: Int32Array.from(to),
    startSec: Float64Array.from(from, (k) => (isClientStart(k) ? starts.startSec[k] : endSec[k - 1])),
    endSec: Float64Array.from(to, (k) => endSec[k - 1]),
    clientStart: Uint8Array.from(from, (k) => (isClientStart(k) ? 1 : 0)),
  };
}

/**
 * Where a row may end: not right after a step that ends a prompt (its tokens come late), nor after one during which the client sent
 * a request (what it does for that delays the chunks), nor between steps that share a prompt nobody knows how, nor where the end is
 * late by what follows.
 */
export function soundEnds({ steps, starts, prompts }: ClockedSteps, lateSec?: Float64Array): Uint8Array {
  return Uint8Array.from({ length: steps.length }, (_, k) =>
    steps.decodeChunks[k] > 0 &&
    steps.firstChunks[k] === 0 &&
    starts.sent[k] === 0 &&
    prompts.tied[k] === 0 &&
    !(lateSec !== undefined && lateSec[k] > 0)
      ? 1
      : 0,
  );
}
