import type { ColumnMetaData, Compressors, DataPageHeader, PageHeader, SchemaElement } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import type { PageFault } from './page-fault.js';
import { checkValues, onlyZeros, type PageValues, plainEnd } from './page-values.js';
import { walkRuns } from './run-lengths.js';

/** A flat column of one row group, and what its pages must add up to. */
export interface ColumnToCheck {
  /** The whole file. */
  readonly bytes: Uint8Array;
  readonly meta: ColumnMetaData;
  readonly element: SchemaElement;
  readonly rows: number;
  readonly compressors: Compressors;
  /** Makes the complaint, given the row of the group at which it arises. */
  readonly fault: (row: number, contents: string, value: unknown) => Error;
}

/** A page of a column, as its header and its bytes have it. */
interface Page {
  readonly header: PageHeader;
  readonly raw: Uint8Array;
  readonly nullable: boolean;
  readonly decompressed: (part: Uint8Array, length: number) => Uint8Array;
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
  const { bytes, meta, element, rows, compressors } = column;
  if (meta.type !== element.type) throw column.fault(0, `values of type ${element.type}`, meta.type);
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const end = start + Number(meta.total_compressed_size);
  if (!(start >= 4 && end > start && end <= bytes.length)) {
    throw column.fault(0, `pages within the file's ${bytes.length} bytes`, `bytes ${start} to ${end}`);
  }
  if (Number(meta.num_values) !== rows) throw column.fault(0, `${rows} values, one a row`, Number(meta.num_values));
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset + start, end - start), offset: 0 };
  const limit = Number(meta.total_uncompressed_size);
  let dictionarySize = 0;
  for (let seen = 0; seen < rows; ) {
    const fault: PageFault = (contents, value) => column.fault(seen, contents, value);
    if (reader.offset >= reader.view.byteLength - 1) throw fault(`pages of ${rows} values`, `${seen} values`);
    const header = parquetHeader(reader);
    const at = start + reader.offset;
    const { compressed_page_size: size, uncompressed_page_size: fullSize } = header;
    if (!(size >= 0 && at + size <= end)) throw fault(`a page of at most ${end - at} bytes`, size);
    if (!(fullSize >= 0 && fullSize <= limit)) throw fault(`a page of at most ${limit} bytes, decompressed`, fullSize);
    reader.offset += size;
    const page: Page = {
      header,
      raw: bytes.subarray(at, at + size),
      nullable: element.repetition_type !== 'REQUIRED',
      decompressed: (part, length) => decompressPage(part, length, meta.codec, compressors),
      fault,
    };
    if (header.type === 'DICTIONARY_PAGE') {
      dictionarySize = checkDictionary(page, element);
    } else {
      const { values, ...rest } = header.type === 'DATA_PAGE' ? firstVersion(page) : secondVersion(page);
      if (!(values >= 0 && values <= rows - seen)) throw fault(`pages of ${rows - seen} more values at most`, values);
      checkValues(rest, element, dictionarySize, fault);
      seen += values;
    }
  }
}

/** The dictionary's size. */
function checkDictionary({ header, raw, decompressed, fault }: Page, element: SchemaElement): number {
  const size = header.dictionary_page_header?.num_values ?? Number.NaN;
  if (!(size >= 0)) throw fault('a dictionary with its size', size);
  const body = decompressed(raw, header.uncompressed_page_size);
  const end = plainEnd(body, 0, element, size, fault);
  if (end !== body.length) throw fault(`${size} entries in ${body.length} bytes`, `${end} bytes`);
  return size;
}

/** Levels with their length before them, compressed together with the values. */
function firstVersion(page: Page): PageValues & { readonly values: number } {
  const { fault, nullable } = page;
  const header = page.header.data_page_header;
  if (header === undefined) throw fault('a header of a data page', page.header.type);
  const { num_values: values, encoding } = header;
  const body = page.decompressed(page.raw, page.header.uncompressed_page_size);
  if (!nullable) return { values, body, from: 0, present: values, encoding };
  requireRunLengths(header, fault);
  const length = body.length < 4 ? Number.NaN : new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const from = 4 + length;
  if (!(from <= body.length)) throw fault('levels within the page', `${length} bytes`);
  return { values, body, from, present: presentIn(body, 4, from, values, fault), encoding };
}

/** Levels whose length the header has, never compressed. */
function secondVersion(page: Page): PageValues & { readonly values: number } {
  const { fault, nullable, raw } = page;
  const header = page.header.data_page_header_v2;
  if (page.header.type !== 'DATA_PAGE_V2' || header === undefined) throw fault('a data page', page.header.type);
  const { num_values: values, num_rows: rows, num_nulls: nulls, encoding } = header;
  const { definition_levels_byte_length: from, repetition_levels_byte_length: repetition } = header;
  if (rows !== values || repetition !== 0) throw fault('one value a row', `${values} values of ${rows} rows`);
  if (!(from >= 0 && from <= raw.length && (nullable || from === 0))) throw fault('levels within the page', from);
  const present = nullable ? presentIn(raw, 0, from, values, fault) : values;
  if (present !== values - nulls) throw fault(`${values - nulls} values that are not null`, present);
  const rest = raw.subarray(from);
  const body =
    header.is_compressed === false ? rest : page.decompressed(rest, page.header.uncompressed_page_size - from);
  return { values, body, from: 0, present, encoding };
}

/** How many of a page's definition levels, 0 or 1 in a flat column, say that there is a value. */
function presentIn(bytes: Uint8Array, from: number, to: number, values: number, fault: PageFault): number {
  const { end, nonZero } = walkRuns(bytes, from, to, 1, values, fault);
  if (!onlyZeros(bytes, end, to))
    throw fault(`levels of ${values} values in ${to - from} bytes`, `${end - from} bytes`);
  return nonZero;
}

function requireRunLengths({ definition_level_encoding: encoding }: DataPageHeader, fault: PageFault): void {
  if (encoding !== 'RLE') throw fault('levels in run lengths', encoding);
}
