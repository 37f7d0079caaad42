export type { Axis } from './axis.js';
export type { ChartsFaultCode } from './charts-fault.js';
export { type Column, extentOf, requireColumns } from './column.js';
export { formatNumber, formatPercent, formatSeconds } from './number-text.js';
export { renderPng } from './render/render-png.js';
export { renderSvg } from './render/render-svg.js';
export { type ModelReport, modelReport, type NamedFigure } from './report/model-report.js';
export { renderReport } from './report/render-report.js';
export type {
  KeyFigure,
  Provenance,
  ReportBlock,
  ReportData,
  ReportFigure,
  ReportInputFile,
  ReportSection,
  ReportWarning,
  TableCell,
  TableColumn,
  Tone,
  Verdict,
} from './report/report-data.js';
export {
  type ChartSpec,
  type ChartText,
  type ChartTitle,
  type JsonObject,
  type Layer,
  type PanelSpec,
  panelSpec,
  type Spec,
} from './spec.js';
export { type Bar, type BarInput, barSpec } from './specs/bars.js';
export { type CompositionInput, compositionSpec } from './specs/composition.js';
export { type ConvergenceInput, convergenceSpec } from './specs/convergence.js';
export { type Curve, type CurveInput, curveSpec } from './specs/curves.js';
export { type EcdfInput, ecdfSpec } from './specs/ecdf.js';
export { type HistogramInput, histogramSpec } from './specs/histogram.js';
export { type Band, type BandInput, bandSpec } from './specs/scatter/bands.js';
export {
  lowered,
  type ObservedPredictedInput,
  type ObservedPredictedSeries,
  observedPredictedSpec,
} from './specs/scatter/observed-predicted.js';
export { type ResidualInput, residualSpec } from './specs/scatter/residual.js';
export type { Signal, SignalsInput } from './specs/signals.js';
export { stackedSpec } from './specs/stacked.js';
export { timelineSpec } from './specs/timeline.js';
export { durationText, groupedText, percentText, significantText } from './terminal/quantity-text.js';
export { type TextHistogramInput, textHistogram } from './terminal/text-histogram.js';
export { type TextLineInput, textLine } from './terminal/text-line.js';
export { textTable } from './terminal/text-table.js';
