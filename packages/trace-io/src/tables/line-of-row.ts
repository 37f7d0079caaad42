/**
 * The lines of a file's rows, in order: one entry for every stretch of rows without a gap, not one for every row, since hardly a file has
 * blank lines or cells of several lines.
 */
export class LineOfRow {
  readonly #rows: number[] = [];
  readonly #shifts: number[] = [];
  #shift = Number.NaN;

  /** Says the line of the next row; rows come in order, from 0 on. */
  add(row: number, line: number): void {
    if (line - row === this.#shift) return;
    this.#shift = line - row;
    this.#rows.push(row);
    this.#shifts.push(this.#shift);
  }

  /** The line of a row that was added. */
  at(row: number): number {
    const next = this.#rows.findIndex((first) => first > row);
    return row + (this.#shifts.at(next < 0 ? -1 : next - 1) ?? 0);
  }
}
