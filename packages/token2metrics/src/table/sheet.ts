import { readTidyTable } from '@stepclock/trace-io';
import readXlsxFile from 'read-excel-file/universal';
import { fault } from '../fault.js';
import { hiddenSheets } from './workbook/hidden-sheets.js';
import { checkUnpackedSize } from './workbook/unpacked-size.js';

/** One table of text cells: a CSV file or one sheet of a workbook. */
export interface Sheet {
  /** For messages: the file, and the sheet of a workbook. */
  readonly file: string;
  /** The sheet's name; undefined for a CSV file. */
  readonly title?: string;
  /** Hidden by the workbook's author. */
  readonly hidden?: boolean;
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
 * @param title the only sheet wanted of a workbook
 * @throws TraceIoError for a broken text table; Fault `token2metrics/not-xlsx`, `token2metrics/too-large`, `token2metrics/missing-column`
 */
export const readSheets = async (bytes: Uint8Array, file: string, title?: string): Promise<Sheet[]> => {
  if (ZIP.every((byte, i) => bytes[i] === byte)) return readWorkbook(bytes, file, title);
  if (title !== undefined)
    throw fault('bad-option', { what: 'sheet', rule: 'must be left out: the file is no workbook', value: title, file });
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

const readWorkbook = async (bytes: Uint8Array, file: string, title: string | undefined): Promise<Sheet[]> => {
  checkUnpackedSize(bytes, file);
  let sheets: Awaited<ReturnType<typeof readXlsxFile>>;
  try {
    sheets = await readXlsxFile(new Uint8Array(bytes).buffer);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw fault('not-xlsx', {
      what: 'workbook',
      rule: 'must be an Excel .xlsx file',
      value: `one that does not open (${why})`,
      file,
    });
  }
  const hidden = await hiddenSheets(bytes);
  const wanted = title === undefined ? sheets : sheets.filter(({ sheet }) => sheet === title);
  if (wanted.length === 0) {
    throw fault('bad-option', {
      what: 'sheet',
      rule: `must be one of ${sheets.map(({ sheet }) => sheet).join(', ')}`,
      value: title,
      file,
    });
  }
  return wanted
    .filter(({ data }) => data.length > 0)
    .map(({ sheet, data }) => {
      const [header, ...rows] = data;
      const kept = rows.flatMap((row, i) => (row.some((cell) => cellText(cell) !== '') ? [{ row, line: i + 2 }] : []));
      return {
        file: `${file}[${sheet}]`,
        title: sheet,
        hidden: hidden.has(sheet),
        names: (header ?? []).map(cellText),
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

/** @throws Fault `token2metrics/ambiguous-column` when two columns have one name, which only a workbook lets through */
export const refuseRepeats = ({ names, file }: Sheet): void => {
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw fault('ambiguous-column', {
    what: 'header',
    rule: 'must have a name of its own for every column',
    value: `${twice} twice`,
    file,
    line: 1,
  });
};
