import type { Spec } from '../spec.js';

/** How good the news is. Shown by words and a sign as well as by colour. */
export type Tone = 'good' | 'caution' | 'bad';

/** The answer, before anything else. */
export interface Verdict {
  readonly tone: Tone;
  /** One sentence that stands alone. */
  readonly headline: string;
  readonly points?: readonly string[];
}

/** A number on a card at the top. */
export interface KeyFigure {
  readonly label: string;
  /** Formatted, without the unit. */
  readonly value: string;
  readonly unit?: string;
  /** Small print: an interval, a count. */
  readonly note?: string;
}

export interface ReportWarning {
  /** Stable code of the warning. */
  readonly code: string;
  readonly message: string;
}

export interface TableColumn {
  readonly label: string;
  /** `'number'` aligns to the right in figures of equal width. Default `'text'`. */
  readonly kind?: 'text' | 'number';
}

/** A cell: text as it shall stand; numbers are formatted to four digits. */
export type TableCell = string | number | null;

export interface ReportFigure {
  /** A chart, or panels; in the report each panel stands under its own title. */
  readonly spec: Spec;
  /** What to see in it, and the rule by which it was reduced. */
  readonly caption?: string;
  /** A figure that needs the page's full width (over time). Default: two beside each other where there is room. */
  readonly wide?: boolean;
}

/** What sections are made of. */
export type ReportBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'facts'; readonly facts: readonly { readonly label: string; readonly value: string }[] }
  | {
      readonly kind: 'table';
      readonly caption: string;
      readonly columns: readonly TableColumn[];
      readonly rows: readonly (readonly TableCell[])[];
      readonly note?: string;
    }
  | { readonly kind: 'figures'; readonly figures: readonly ReportFigure[] };

export interface ReportSection {
  readonly title: string;
  readonly intro?: string;
  readonly blocks: readonly ReportBlock[];
}

/** An input file. */
export interface ReportInputFile {
  readonly name: string;
  /** Hex digest of the bytes that were read. */
  readonly sha256?: string;
  readonly bytes?: number;
  /** What was read from it: '600 phases'. */
  readonly holds?: string;
}

/** Everything needed to make the report again. */
export interface Provenance {
  /** The command as typed, or the call. */
  readonly command: string;
  /** Name to version: stepclock, node, ... */
  readonly versions: Readonly<Record<string, string>>;
  readonly inputs: readonly ReportInputFile[];
  readonly seed?: number;
}

/** A report as data, whatever the model. */
export interface ReportData {
  readonly title: string;
  readonly subtitle?: string;
  readonly verdict: Verdict;
  readonly keyFigures?: readonly KeyFigure[];
  readonly warnings?: readonly ReportWarning[];
  readonly sections: readonly ReportSection[];
  readonly provenance: Provenance;
}
