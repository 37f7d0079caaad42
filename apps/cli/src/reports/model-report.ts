import {
  type KeyFigure,
  type ReportData,
  type ReportSection,
  type ReportWarning,
  renderReport,
  type TableCell,
  type Tone,
} from '@stepclock/charts';
import type { NamedFigure } from '../figure-files.js';
import type { Session } from '../session.js';
import { provenanceOf } from './provenance.js';

/** A table of a model's report. */
interface ModelTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableCell[])[];
}

/** The report of any fitted model: the same bones as an estimate's. */
export interface ModelReport {
  readonly title: string;
  readonly subtitle: string;
  readonly tone: Tone;
  /** One sentence that stands alone. */
  readonly headline: string;
  readonly points?: readonly string[];
  readonly keyFigures?: readonly KeyFigure[];
  readonly warnings?: readonly ReportWarning[];
  readonly tables?: readonly ModelTable[];
  readonly figures: readonly NamedFigure[];
  readonly inputs: readonly { readonly name: string; readonly sha256?: string; readonly rows?: number }[];
  readonly seed?: number;
}

const reportData = (model: ModelReport, session: Session): ReportData => {
  const tables = (model.tables ?? []).map(
    ({ title, columns, rows }): ReportSection => ({
      title,
      blocks: [
        {
          kind: 'table',
          caption: title,
          columns: columns.map((label, i) => ({ label, kind: i === 0 ? 'text' : 'number' })),
          rows,
        },
      ],
    }),
  );
  const figures: ReportSection[] =
    model.figures.length === 0
      ? []
      : [{ title: 'Figures', blocks: [{ kind: 'figures', figures: model.figures.map(({ spec }) => ({ spec })) }] }];
  return {
    title: model.title,
    subtitle: model.subtitle,
    verdict: { tone: model.tone, headline: model.headline, ...(model.points && { points: model.points }) },
    ...(model.keyFigures && { keyFigures: model.keyFigures }),
    ...(model.warnings && { warnings: model.warnings }),
    sections: [...figures, ...tables],
    provenance: {
      ...provenanceOf(session, model.inputs),
      ...(model.seed !== undefined && { seed: model.seed }),
    },
  };
};

/** Draws and writes the report of a model. */
export const writeModelReport = async (path: string, model: ModelReport, session: Session): Promise<void> =>
  session.writeFile(path, await renderReport(reportData(model, session)));
