/** Names by index, as a column of request or instance identifiers needs them: no object per row unless asked for. */
export interface NameColumn {
  readonly length: number;
  at(index: number): string;
}
