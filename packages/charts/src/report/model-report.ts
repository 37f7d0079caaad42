import type { Spec } from '../spec.js';
import type {
  KeyFigure,
  Provenance,
  ReportBlock,
  ReportData,
  ReportSection,
  ReportWarning,
  TableCell,
  Tone,
} from './report-data.js';

/** A chart with the name of its files, without ending. */
export interface NamedFigure {
  readonly name: string;
  readonly spec: Spec;
}

/** A table of a model's report. Columns whose cells are all numbers stand to the right. */
interface ModelTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableCell[])[];
  readonly note?: string;
}

/** Sentences, tables and figures under one heading. */
interface ModelSection {
  readonly title: string;
  readonly items?: readonly string[];
  readonly tables?: readonly ModelTable[];
  readonly figures?: readonly NamedFigure[];
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
  readonly sections: readonly ModelSection[];
  readonly inputs: Provenance['inputs'];
  readonly seed?: number;
}

/** A number, or a text that reads as one: `1.2 %`, `± 3`, `0.1 to 0.3`. */
const isNumeric = (cell: TableCell | undefined): boolean =>
  typeof cell !== 'string' || cell === '' || cell === 'n/a' || /^[±<−-]?\s?[\d.]/.test(cell);

const tableBlock = ({ title, columns, rows, note }: ModelTable): ReportBlock => ({
  kind: 'table',
  caption: title,
  columns: columns.map((label, i) => ({
    label,
    kind: i > 0 && rows.every((row) => isNumeric(row[i])) ? 'number' : 'text',
  })),
  rows,
  ...(note !== undefined && { note }),
});

/** A chart's second line that only repeats the verdict is left out. */
const withoutRepeats = (spec: Spec, said: readonly string[]): Spec =>
  spec.title.subtitle !== undefined && said.includes(spec.title.subtitle)
    ? { ...spec, title: { text: spec.title.text } }
    : spec;

const sectionData = (
  { title, items = [], tables = [], figures = [] }: ModelSection,
  said: readonly string[],
): ReportSection => ({
  title,
  blocks: [
    ...(items.length === 0 ? [] : [{ kind: 'list' as const, items }]),
    ...tables.map(tableBlock),
    ...(figures.length === 0
      ? []
      : [{ kind: 'figures' as const, figures: figures.map(({ spec }) => ({ spec: withoutRepeats(spec, said) })) }]),
  ],
});

/**
 * A model's report as the page takes it. A figure whose second line only repeats the verdict loses that line.
 *
 * @param provenance how the report was made; its inputs and seed are those of `model`
 */
export const modelReport = (model: ModelReport, provenance: Omit<Provenance, 'inputs' | 'seed'>): ReportData => {
  const said = [model.headline, ...(model.points ?? [])];
  const sections = model.sections.map((section) => sectionData(section, said));
  return {
    title: model.title,
    subtitle: model.subtitle,
    verdict: { tone: model.tone, headline: model.headline, ...(model.points && { points: model.points }) },
    ...(model.keyFigures && { keyFigures: model.keyFigures }),
    ...(model.warnings && { warnings: model.warnings }),
    sections: sections.filter(({ blocks }) => blocks.length > 0),
    provenance: {
      ...provenance,
      inputs: model.inputs,
      ...(model.seed !== undefined && { seed: model.seed }),
    },
  };
};
