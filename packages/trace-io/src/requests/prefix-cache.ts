/**
 * A prefix cache in front of a load: which tokens of each prompt an engine finds that keeps the blocks it used last.
 *
 * A block's id stands for it and all before it. Requests come in the order of their arrival, and a prompt's blocks are there for the next one
 * at once. Of one prompt the last block goes first, as in vLLM, so that the head that others share stays longest.
 */
export class PrefixCache {
  /** Blocks by when they were used last, the oldest first. */
  readonly #used = new Set<unknown>();
  /** Stands before the oldest of them: what it has passed was given up, and what is used again goes to the end. */
  readonly #oldest = this.#used.values();

  constructor(
    private readonly blocks: number,
    private readonly blockTokens: number,
  ) {}

  /**
   * @param ids of the prompt's blocks, first to last
   * @returns tokens of the prompt that were there; its last one is always computed, since it puts out the first of the output
   */
  find(ids: readonly unknown[], promptTokens: number): number {
    const missing = ids.findIndex((id) => !this.#used.has(id));
    const found = missing < 0 ? ids.length : missing;
    for (let i = ids.length - 1; i >= 0; i--) {
      this.#used.delete(ids[i]);
      this.#used.add(ids[i]);
    }
    while (this.#used.size > this.blocks) this.#used.delete(this.#oldest.next().value);
    return Math.max(0, Math.min(found * this.blockTokens, promptTokens - 1));
  }
}
