import { readdirSync, readFileSync } from 'node:fs';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';

/** A phase as the golden files write it. */
export interface GoldenPhase {
  readonly request_id: string;
  readonly phase_type: string;
  readonly t_start: number;
  readonly t_end: number;
  readonly prefill_tokens: number;
  readonly decode_tokens: number;
  readonly N_steps?: number;
}

interface GoldenBaseline {
  readonly algo: 'baseline';
  readonly chunk_size: number;
  readonly correction_mode: 'end' | 'uniform' | 'none';
  readonly min_duration_sec: number;
  readonly beta: number[];
  readonly diagnostics: Record<string, number>;
}

interface GoldenIterative {
  readonly algo: 'iterative';
  readonly chunk_size: number;
  readonly correction_mode: 'end' | 'uniform' | 'none' | 'beta_informed';
  readonly init_correction_mode: 'end' | 'uniform' | 'none';
  readonly damping_eta: number;
  readonly max_outer_iters: number;
  readonly tol: number;
  readonly beta: number[];
  readonly converged: boolean;
  readonly n_outer_iters: number;
  readonly diagnostics: Record<string, number | boolean>;
  readonly beta_history: number[][];
  readonly delta_beta_l2: number[];
  readonly rmse_seconds: number[];
}

export interface GoldenTrace {
  readonly name: string;
  readonly phases: GoldenPhase[];
  readonly cases: (GoldenBaseline | GoldenIterative)[];
}

const FOLDER = new URL('../../../fixtures/estimators/', import.meta.url);

/** Every trace in fixtures/estimators: adding a case is adding a file. */
export const goldenTraces = (): GoldenTrace[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as GoldenTrace);

/** Phases as a table, in their order. */
export const tableOf = (phases: readonly GoldenPhase[]): PhaseTable => {
  const ids = [...new Set(phases.map((p) => p.request_id))];
  const column = (value: (phase: GoldenPhase) => number): Float64Array => Float64Array.from(phases, value);
  return {
    length: phases.length,
    kind: Uint8Array.from(phases, (p) => (p.phase_type.toLowerCase() === 'prefill' ? PREFILL : DECODE)),
    startSec: column((p) => p.t_start),
    endSec: column((p) => p.t_end),
    prefillTokens: column((p) => p.prefill_tokens),
    decodeTokens: column((p) => p.decode_tokens),
    ...(phases.some((p) => p.N_steps !== undefined) ? { steps: column((p) => p.N_steps ?? Number.NaN) } : {}),
    request: Uint32Array.from(phases, (p) => ids.indexOf(p.request_id)),
    requestIds: { length: ids.length, at: (i) => ids[i] },
  };
};
