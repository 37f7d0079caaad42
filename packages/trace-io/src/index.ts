export { type Lack, lacksOf } from './advice/lacks.js';
export { likelyTimeUnit } from './advice/likely-time-unit.js';
export { type ByteLimits, MAX_BYTES, withinLimits } from './bytes/byte-limits.js';
export { decimalNumber } from './bytes/decimal-number.js';
export type { ByteSource } from './bytes/input.js';
export { traceFilesOf } from './formats/folder.js';
export { type FormatInfo, formats } from './formats/format-list.js';
export { columnMapOf } from './formats/mapped/column-map.js';
export { mapFor } from './formats/strangers/suggested-map.js';
export { refusedAs } from './formats/strangers/unknown-file.js';
export { type GroupedColumns, type GroupValues, groupOfColumns } from './groups/columns-group.js';
export {
  DEFAULT_COLUMNS as DEFAULT_GROUP_COLUMNS,
  GROUP_COLUMNS,
  type GroupColumn,
  groupColumnsOf,
} from './groups/group-columns.js';
export { textLines, unescapedText } from './groups/group-rows.js';
export { type ReadGroupsOptions, type RequestGroup, readGroups } from './groups/read-groups.js';
export type { NameColumn } from './names/name-column.js';
export { type ReadTraceOptions, readTrace } from './read-trace.js';
export { MAX_BAD } from './requests/bad-records.js';
export { type LeftOut, leftOutOf } from './requests/left-out.js';
export { type PhaseRule, phasesOfRequests } from './requests/request-phases.js';
export { engineSettingsOf } from './settings/engine-settings.js';
export { isServerLog } from './settings/server-log.js';
export { joinPhases } from './tables/join-phases.js';
export { type PackedPhases, packPhases, unpackPhases } from './tables/packed-phases.js';
export { DECODE, type PhaseTable, PREFILL } from './tables/phase-table.js';
export { type PhaseRow, phaseTableFrom } from './tables/phase-table-from.js';
export { OPTIONAL_REQUEST_COLUMNS } from './tables/request-columns.js';
export type { RequestTable } from './tables/request-table.js';
export { requirePrefillTokens } from './tables/require-prefill-tokens.js';
export { isRotatedLog, samePhasesShare } from './tables/rotated-log.js';
export type { StepBlocks } from './tables/step-columns.js';
export type { StepTable } from './tables/step-table.js';
export { tokensOfRows } from './tables/table-columns.js';
export type { TokenTable } from './tables/token-table.js';
export { rowsWhere } from './tidy/rows-where.js';
export { type ReadTidyOptions, readTidyTable, type TidyTable } from './tidy/tidy-table.js';
export type {
  EngineSettings,
  Exclusion,
  FileFacts,
  PhaseTrace,
  RequestFact,
  ServedFacts,
  StepFacts,
  StepTrace,
  StepWindowLine,
  TokenTrace,
  Trace,
  TraceFacts,
  WindowTrace,
  WorkloadTrace,
} from './trace.js';

export { formatOtlpJsonl, otlpJsonlChunks } from './writers/otlp-jsonl.js';
export { formatPhasesCsv, phasesCsvChunks } from './writers/phases-csv.js';
export { formatRequestsJsonl, requestsJsonlChunks } from './writers/requests-jsonl.js';
export { STEP_LOG_FORMATS, type StepLogFormat, stepLogPieces } from './writers/steps/step-log-formats.js';
export type { WrittenSteps } from './writers/steps/written-steps.js';
export { vllmBenchChunks } from './writers/vllm-bench-json.js';
