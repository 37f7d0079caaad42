/** Something that whoever uses the coefficients should know, in plain words under a stable code. */
export interface EstimateWarning {
  readonly code: string;
  readonly message: string;
}

/** How the rounds went: one entry a round; `beta` has one more, the start. */
export interface EstimateHistory {
  readonly beta: readonly (readonly number[])[];
  /** `|beta_m - beta_{m-1}|`, Euclidean. */
  readonly deltaBetaL2: readonly number[];
  /** Of the round's own regression, before damping; null where all durations are equal. */
  readonly r2: readonly (number | null)[];
  readonly rmseSeconds: readonly number[];
}
