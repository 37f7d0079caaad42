// Figures that must not become worse: each meets what is asked of it, or is a known miss that stays as it is.

/** Above its known miss by more than this share, a figure has become worse: what another machine's arithmetic changes is less. */
const WORSE = 0.1;

/** Checks figures that are better the smaller; says at the end which missed, and sets the exit code where one is a new miss or a worse one. */
export class KeptFigures {
  readonly #known: string[] = [];
  readonly #failed: string[] = [];
  #met = 0;

  /** @param misses what figures that miss what is asked had reached, by name */
  constructor(private readonly misses: Readonly<Record<string, number>>) {}

  check(name: string, figure: number, asked: number): void {
    const told = `${name}: ${figure.toPrecision(3)}, asked ${asked}`;
    const miss = this.misses[name];
    if (figure <= asked) this.#met++;
    else if (miss !== undefined && figure <= (1 + WORSE) * miss) this.#known.push(told);
    else this.#failed.push(miss === undefined ? told : `${told}, ${miss} before`);
  }

  finish(print: (line: string) => unknown): void {
    const listed = (names: readonly string[]): string => names.map((name) => `\n- ${name}`).join('');
    print(
      `\n${this.#met} figures as asked; ${this.#known.length} known misses${listed(this.#known)}\nnew or worse misses: ${this.#failed.length}${listed(this.#failed)}`,
    );
    if (this.#failed.length > 0) process.exitCode = 1;
  }
}
