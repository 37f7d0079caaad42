export { DECODE, type NameColumn, type PhaseTable, PREFILL } from './phase-table.js';
export type { RequestTable } from './request-table.js';
export type { EngineSettings, Exclusion, Trace, TraceFacts } from './trace.js';
