/** Runs of steps in which a request put out a token each: one run a request, one more after every preemption. */
export interface TokenSteps {
  readonly length: number;
  readonly request: Uint32Array;
  /** First and last step of the run. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

const NOT_OPEN = -1;

/** Collects the runs of one engine. */
export class TokenStepRecorder {
  readonly #request: number[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #openedAt: Int32Array;

  constructor(requests: number) {
    this.#openedAt = new Int32Array(requests).fill(NOT_OPEN);
  }

  /** The request puts out a token in this step, and in every one from now on. */
  open(request: number, step: number): void {
    this.#openedAt[request] = step;
  }

  /** Its last token for now was that of this step. */
  close(request: number, step: number): void {
    const from = this.#openedAt[request];
    if (from === NOT_OPEN) return;
    this.#request.push(request);
    this.#from.push(from);
    this.#to.push(step);
    this.#openedAt[request] = NOT_OPEN;
  }

  /** @param rows the workload's row of each request, and `stepOffset` what to add to its steps in the joined step log */
  table(rows: Uint32Array, stepOffset: number): TokenSteps {
    const { length } = this.#request;
    const table = {
      length,
      request: new Uint32Array(length),
      from: new Uint32Array(length),
      to: new Uint32Array(length),
    };
    // Loops: with a mapping function `from` takes ten times as long.
    for (let i = 0; i < length; i++) {
      table.request[i] = rows[this.#request[i]];
      table.from[i] = this.#from[i] + stepOffset;
      table.to[i] = this.#to[i] + stepOffset;
    }
    return table;
  }
}

export const joinTokenSteps = (tables: readonly TokenSteps[]): TokenSteps => {
  const length = tables.reduce((sum, table) => sum + table.length, 0);
  const joined = {
    length,
    request: new Uint32Array(length),
    from: new Uint32Array(length),
    to: new Uint32Array(length),
  };
  let at = 0;
  for (const table of tables) {
    joined.request.set(table.request, at);
    joined.from.set(table.from, at);
    joined.to.set(table.to, at);
    at += table.length;
  }
  return joined;
};
