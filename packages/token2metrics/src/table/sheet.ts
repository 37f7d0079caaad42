import { readTidyTable } from '@stepclock/trace-io';
import readXlsxFile from 'read-excel-file/universal';
import { Token2MetricsError } from '../token2metrics-error.js';

/** One table of text cells: a CSV file or one sheet of a workbook. */
export interface Sheet {
  /** For messages: the file, and the sheet of a workbook. */
  readonly file: string;
  /** The sheet's name; undefined for a CSV file. */
  readonly title?: string;
  readonly names: readonly string[];
  readonly length: number;
  /** '' where there is nothing. */
  cell(row: number, column: number): string;
  /** 1-based line of the file, or row of the sheet. */
  line(row: number): number;
}

/** The two bytes that a zip archive, hence an .xlsx, starts with. */
const ZIP = [0x50, 0x4b] as const;

/**
 * Reads CSV, TSV, JSON lines or an Excel workbook, told apart by the first bytes.
 *
 * @throws Fault for a broken text table; Token2MetricsError `token2metrics/not-xlsx`, `token2metrics/ambiguous-column`, `token2metrics/no-rows`
 */
export const readSheets = async (bytes: Uint8Array, file: string): Promise<Sheet[]> => {
  if (ZIP.every((byte, i) => bytes[i] === byte)) return readWorkbook(bytes, file);
  const table = await readTidyTable(once(bytes), { fileName: file });
  return [
    {
      file,
      names: table.names,
      length: table.length,
      cell: (row, column) => table.cell(row, column),
      line: (row) => table.line(row),
    },
  ];
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const readWorkbook = async (bytes: Uint8Array, file: string): Promise<Sheet[]> => {
  let sheets: Awaited<ReturnType<typeof readXlsxFile>>;
  try {
    sheets = await readXlsxFile(new Uint8Array(bytes).buffer);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Token2MetricsError(
      'token2metrics/not-xlsx',
      `workbook: must be an Excel .xlsx file; got one that does not open (${why})`,
      {
        file,
      },
    );
  }
  return sheets
    .filter(({ data }) => data.length > 0)
    .map(({ sheet, data }) => {
      const place = `${file}[${sheet}]`;
      const [header, ...rows] = data;
      const names = (header ?? []).map(cellText);
      const kept = rows.flatMap((row, i) => (row.some((cell) => cellText(cell) !== '') ? [{ row, line: i + 2 }] : []));
      refuseRepeats(names, place);
      return {
        file: place,
        title: sheet,
        names,
        length: kept.length,
        cell: (row, column) => cellText(kept[row]?.row[column]),
        line: (row) => kept[row]?.line ?? 0,
      };
    });
};

const cellText = (cell: unknown): string => {
  if (cell === null || cell === undefined) return '';
  return cell instanceof Date ? cell.toISOString() : String(cell).trim();
};

const refuseRepeats = (names: readonly string[], file: string): void => {
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new Token2MetricsError(
      'token2metrics/ambiguous-column',
      `header: every column needs a name of its own; got '${twice}' twice`,
      {
        file,
        line: 1,
        column: twice,
      },
    );
  }
};
