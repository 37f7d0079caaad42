export { engineSettingsOf } from './engine-settings.js';
export { DECODE, type NameColumn, type PhaseTable, PREFILL } from './phase-table.js';
export { type PhaseRow, phaseTableFrom } from './phase-table-from.js';
export { type ReadTraceOptions, readTrace } from './read-trace.js';
export { type PhaseRule, phasesOfRequests } from './request-phases.js';
export type { RequestTable } from './request-table.js';
export { type ReadTidyOptions, readTidyTable, type TidyTable } from './tidy-table.js';
export type { EngineSettings, Exclusion, Trace, TraceFacts } from './trace.js';
export { type InputFault, TraceIoError } from './trace-io-error.js';
