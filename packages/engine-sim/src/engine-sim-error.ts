/** Stable names of what engine-sim refuses. */
export type EngineSimErrorCode =
  | 'engine-sim/bad-option'
  | 'engine-sim/bad-workload'
  | 'engine-sim/request-exceeds-kv'
  | 'engine-sim/unknown-scenario';

/** What engine-sim throws: the name of the offending option or column, its value, the rule that it breaks. */
export class EngineSimError extends Error {
  override readonly name = 'EngineSimError';

  constructor(
    readonly code: EngineSimErrorCode,
    readonly what: string,
    readonly rule: string,
    readonly value: unknown,
    /** Index of the request, where one is at fault. */
    readonly request?: number,
  ) {
    super(`${what}: ${rule}; got ${String(value)}${request === undefined ? '' : ` (request ${request})`}`);
  }
}
