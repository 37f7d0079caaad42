/** A step goes this share of the way at least. */
const SLOWEST = 1 / 16;

/**
 * Steps towards the coefficients that each round gives. Sets of coefficients can chase each other through the same few clocks; a step that turns
 * around is halved, which ends the chase, and one that goes on may grow again.
 */
export class DampedSteps {
  #pace = 1;
  #turnsAtSlowest = 0;
  #lastMove: readonly number[] = [];

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
  step(from: Float64Array, to: Float64Array): Float64Array {
    const move = relativeMove(from, to);
    const turned = move.reduce((sum, v, i) => sum + v * (this.#lastMove[i] ?? 0), 0) < 0;
    if (turned && this.#pace === SLOWEST) this.#turnsAtSlowest++;
    this.#pace = turned ? Math.max(this.#pace / 2, SLOWEST) : Math.min(1, this.growth * this.#pace);
    this.#lastMove = move;
    return from.map((a, t) => a + this.#pace * (to[t] - a));
  }
}

/** By coefficient, between -1 and 1: a chase shows as moves that turn around. */
const relativeMove = (before: Float64Array, after: Float64Array): readonly number[] =>
  Array.from(after, (b, t) => (b - before[t]) / (Math.abs(b) + Math.abs(before[t]) || 1));
