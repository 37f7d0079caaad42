import type { ColumnMetaData, Compressors, SchemaElement } from 'hyparquet';
import type { PageFault } from './page-fault.js';
import { type PageHeader, pageHeaderAt } from './page-header.js';
import { checkValues, LARGEST_PAGE, onlyZeros, type PageValues, plainEnd } from './page-values.js';
import { walkRuns } from './run-lengths.js';

/** Rows that a page may hold: writers end a page after a megabyte or some 20,000 rows. */
const MOST_ROWS_A_PAGE = 2 ** 24;

/** A flat column of one row group, and what its pages must add up to. */
export interface ColumnToCheck {
  /** The whole file. */
  readonly bytes: Uint8Array;
  readonly meta: ColumnMetaData;
  readonly element: SchemaElement;
  readonly rows: number;
  readonly compressors: Compressors;
  /** Takes the bytes that a page unpacks to; throws where the file's pages together are too many. */
  readonly unpacking: (bytes: number) => void;
  /** Makes the complaint, given the row of the group at which it arises. */
  readonly fault: (row: number, contents: string, value: unknown) => Error;
}

/** A page of a column, as its header and its bytes have it. */
interface Page {
  readonly raw: Uint8Array;
  readonly nullable: boolean;
  readonly unpacked: (part: Uint8Array, length: number) => Uint8Array;
  readonly fault: PageFault;
}

/**
 * Goes over the pages of a column before hyparquet decodes them: sizes, counts, levels, run lengths and indices must agree with one another and
 * with the file's footer, and values end where their page ends.
 *
 * hyparquet takes all of these at their word: a run of billions, a page of a negative size or a delta block of no values keep it busy for minutes
 * or for ever, and an index past the dictionary or a level section of another length give wrong values without a word. The check is
 * linear in the bytes; it costs a second decompression.
 */
export function checkColumn(column: ColumnToCheck): void {
  const { bytes, meta, element, rows } = column;
  if (meta.type !== element.type) throw column.fault(0, `values of type ${element.type}`, meta.type);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 4 && end > start && end <= bytes.length)) {
    throw column.fault(0, `pages within the file's ${bytes.length} bytes`, `bytes ${start} to ${end}`);
  }
  if (Number(meta.num_values) !== rows) throw column.fault(0, `${rows} values, one a row`, Number(meta.num_values));
  const limit = Math.min(Number(meta.total_uncompressed_size), LARGEST_PAGE);
  let dictionarySize = 0;
  let at = start;
  for (let seen = 0; seen < rows; ) {
    const fault: PageFault = (contents, value) => column.fault(seen, contents, value);
    if (at >= end - 1) throw fault(`pages of ${rows} values`, `${seen} values`);
    const header = pageHeaderAt(bytes, at, end, fault);
    const { compressedSize: size, uncompressedSize: fullSize, end: from, values } = header;
    if (!(size >= 0 && from + size <= end)) throw fault(`a page of at most ${end - from} bytes`, size);
    if (!(fullSize >= 0 && fullSize <= limit)) throw fault(`a page of at most ${limit} bytes, unpacked`, fullSize);
    if (!(values >= 0 && values <= MOST_ROWS_A_PAGE)) {
      throw fault(`at most ${MOST_ROWS_A_PAGE} values a page`, values);
    }
    column.unpacking(fullSize);
    at = from + size;
    const page: Page = {
      raw: bytes.subarray(from, at),
      nullable: element.repetition_type !== 'REQUIRED',
      unpacked: (part, length) => unpackedPage(part, length, column, fault),
      fault,
    };
    if (header.kind === 'dictionary') {
      checkDictionary(page, header, element);
      dictionarySize = values;
    } else {
      if (values > rows - seen) throw fault(`pages of ${rows - seen} more values at most`, values);
      const body = header.kind === 'data' ? firstVersion(page, header) : secondVersion(page, header);
      checkValues(body, element, dictionarySize, fault);
      seen += values;
    }
  }
}

function unpackedPage(part: Uint8Array, length: number, column: ColumnToCheck, fault: PageFault): Uint8Array {
  const { codec } = column.meta;
  const unpack = column.compressors[codec];
  const page = codec === 'UNCOMPRESSED' ? part : unpack?.(part, length);
  if (page === undefined) throw fault('pages of a known compression', codec);
  if (page.length !== length) throw fault(`a page of ${length} bytes, unpacked`, page.length);
  return page;
}

type Header<Kind extends PageHeader['kind']> = Extract<PageHeader, { kind: Kind }>;

function checkDictionary({ raw, unpacked, fault }: Page, header: Header<'dictionary'>, element: SchemaElement): void {
  const body = unpacked(raw, header.uncompressedSize);
  const end = plainEnd(body, 0, element, header.values, fault);
  if (end !== body.length) throw fault(`${header.values} entries in ${body.length} bytes`, `${end} bytes`);
}

/** Levels with their length before them, compressed together with the values. */
function firstVersion({ raw, unpacked, nullable, fault }: Page, header: Header<'data'>): PageValues {
  const { values, encoding, levelEncoding } = header;
  const body = unpacked(raw, header.uncompressedSize);
  if (!nullable) return { body, from: 0, present: values, encoding };
  if (levelEncoding !== 'RLE') throw fault('levels in run lengths', levelEncoding);
  const length = body.length < 4 ? Number.NaN : new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const from = 4 + length;
  if (!(from <= body.length)) throw fault('levels within the page', `${length} bytes`);
  return { body, from, present: presentIn(body, 4, from, values, fault), encoding };
}

/** Levels whose length the header has, never compressed. */
function secondVersion({ raw, unpacked, nullable, fault }: Page, header: Header<'data-v2'>): PageValues {
  const { values, rows, nulls, encoding, levelBytes: from } = header;
  if (rows !== values || header.repetitionBytes !== 0)
    throw fault('one value a row', `${values} values of ${rows} rows`);
  if (!(from >= 0 && from <= raw.length && (nullable || from === 0))) throw fault('levels within the page', from);
  const present = nullable ? presentIn(raw, 0, from, values, fault) : values;
  if (present !== values - nulls) throw fault(`${values - nulls} values that are not null`, present);
  const rest = raw.subarray(from);
  const body = header.compressed ? unpacked(rest, header.uncompressedSize - from) : rest;
  return { body, from: 0, present, encoding };
}

/** How many of a page's definition levels, 0 or 1 in a flat column, say that there is a value. */
function presentIn(bytes: Uint8Array, from: number, to: number, values: number, fault: PageFault): number {
  const { end, nonZero } = walkRuns(bytes, from, to, 1, values, fault);
  if (!onlyZeros(bytes, end, to))
    throw fault(`levels of ${values} values in ${to - from} bytes`, `${end - from} bytes`);
  return nonZero;
}
