/** What a reader of a result should know; the result stands. */
export interface Warning<Code extends string = string> {
  /** Stable kebab-case name, explained in docs/warnings.md. */
  readonly code: Code;
  /** One sentence or two, with the figures. */
  readonly message: string;
}
