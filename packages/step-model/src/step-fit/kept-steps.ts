import type { StretchColumns } from '@stepclock/step-cost';

/** Steps that are kept for what only single steps tell; all of them in a log of fewer. */
const MOST_KEPT = 2 ** 17;

type Fact = Exclude<keyof StretchColumns, 'length'>;

/** An even sample of a log's steps, in their order: every k-th, k doubling as the log grows. */
export class KeptSteps {
  #stride = 1;
  #seen = 0;
  readonly #seconds: number[] = [];
  readonly #facts = new Map<Fact, number[]>();

  /** @param leftOut 1 for rows that take no part */
  add(stretches: StretchColumns, seconds: Float64Array, leftOut: Uint8Array | null): void {
    const { length, ...facts } = stretches;
    const columns = (Object.keys(facts) as Fact[]).flatMap((name) => {
      const column = facts[name];
      return column === undefined ? [] : [[name, column] as const];
    });
    for (const [name] of columns) if (!this.#facts.has(name)) this.#facts.set(name, []);
    for (let i = 0; i < length; i++) {
      if (leftOut?.[i] === 1) continue;
      if (this.#seen++ % this.#stride !== 0) continue;
      this.#seconds.push(seconds[i]);
      for (const [name, column] of columns) this.#facts.get(name)?.push(column[i]);
    }
    while (this.#seconds.length > MOST_KEPT) this.#halve();
  }

  get seconds(): Float64Array {
    return Float64Array.from(this.#seconds);
  }

  stretches(): StretchColumns {
    const column = (name: Fact): Float64Array | undefined => {
      const values = this.#facts.get(name);
      return values === undefined ? undefined : Float64Array.from(values);
    };
    return {
      length: this.#seconds.length,
      steps: column('steps') ?? new Float64Array(0),
      decodeSeqs: column('decodeSeqs'),
      contextTokens: column('contextTokens'),
      prefillTokens: column('prefillTokens'),
      prefillSteps: column('prefillSteps'),
      prefillRequests: column('prefillRequests'),
      prefillContext: column('prefillContext'),
    };
  }

  #halve(): void {
    this.#stride *= 2;
    for (const values of [this.#seconds, ...this.#facts.values()]) {
      const half = Math.ceil(values.length / 2);
      for (let k = 0; k < half; k++) values[k] = values[2 * k];
      values.length = half;
    }
  }
}
