import type { StepBetas } from './row-fit.js';

const SLOWEST = 1 / 16;

/**
 * Steps towards the coefficients that each round gives. Sets of coefficients can chase each other through the same few clocks; a step that turns
 * around is halved, which ends the chase, and one that goes on may grow again.
 */
export class DampedSteps {
  #pace = 1;
  #turnsAtSlowest = 0;
  #lastMove: readonly number[] = [0, 0, 0, 0];

  /** @param growth of a step that goes on, at least 1 */
  constructor(private readonly growth: number) {}

  /** Share of the way that the last step went, 1/16 to 1. */
  get pace(): number {
    return this.#pace;
  }

  /** How often even the shortest steps turned around. */
  get turnsAtSlowest(): number {
    return this.#turnsAtSlowest;
  }

  /** The coefficients after a step from those of the round towards those that it gave. */
  step(from: StepBetas, to: StepBetas): StepBetas {
    const move = relativeMove(from, to);
    const turned = move.reduce((sum, v, i) => sum + v * this.#lastMove[i], 0) < 0;
    if (turned && this.#pace === SLOWEST) this.#turnsAtSlowest++;
    this.#pace = turned ? Math.max(this.#pace / 2, SLOWEST) : Math.min(1, this.growth * this.#pace);
    this.#lastMove = move;
    return blended(from, to, this.#pace);
  }
}

/** By coefficient, between -1 and 1: a chase shows as moves that turn around. */
export const relativeMove = (before: StepBetas, after: StepBetas): number[] =>
  after.map((b, i) => (b - before[i]) / (b + before[i] || 1));

export const blended = (a: StepBetas, b: StepBetas, share: number): StepBetas => [
  a[0] + share * (b[0] - a[0]),
  a[1] + share * (b[1] - a[1]),
  a[2] + share * (b[2] - a[2]),
  a[3] + share * (b[3] - a[3]),
];
