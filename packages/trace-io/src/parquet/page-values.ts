import type { SchemaElement } from 'hyparquet';
import { walkDeltaBlocks } from './delta-blocks.js';
import type { PageFault } from './page-fault.js';
import { walkRuns } from './run-lengths.js';

/** The values of a data page, behind its levels. */
export interface PageValues {
  /** The page, decompressed. */
  readonly body: Uint8Array;
  /** Where its values start. */
  readonly from: number;
  /** How many there are, nulls not counted. */
  readonly present: number;
  readonly encoding: string;
}

/** Bytes of a page, unpacked: writers end a page after a megabyte. */
export const LARGEST_PAGE = 64 * 1024 * 1024;

const WIDTH: Readonly<Record<string, number>> = { INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8, INT96: 12 };

/** Checks that the values of a page are as many as it says, end where it ends, and point into its dictionary. */
export function checkValues(page: PageValues, element: SchemaElement, dictionarySize: number, fault: PageFault): void {
  const { body, from, present } = page;
  const end = valuesEnd(page, element, dictionarySize, fault);
  if (!onlyZeros(body, end)) throw fault(`${present} values in ${body.length - from} bytes`, `${end - from} bytes`);
}

function valuesEnd(page: PageValues, element: SchemaElement, dictionarySize: number, fault: PageFault): number {
  const { body, from, present, encoding } = page;
  const to = body.length;
  switch (encoding) {
    case 'PLAIN':
      return plainEnd(body, from, element, present, fault);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY': {
      if (present === 0) return to;
      const { end, largest } = walkRuns(body, from + 1, to, body[from] ?? Number.NaN, present, fault);
      if (!(largest < dictionarySize)) throw fault(`indices into a dictionary of ${dictionarySize}`, largest);
      return end;
    }
    case 'RLE':
      if (element.type !== 'BOOLEAN') throw fault('run lengths of true and false', element.type);
      return walkRuns(body, from + 4, to, 1, present, fault).end;
    case 'BYTE_STREAM_SPLIT':
      return from + present * (widthOf(element) ?? Number.NaN);
    case 'DELTA_BINARY_PACKED':
      return walkDeltaBlocks(body, from, to, present, fault);
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const lengths = unpacked(body, from, present, fault);
      return lengths.end + total(lengths.values, fault);
    }
    case 'DELTA_BYTE_ARRAY': {
      const prefixes = unpacked(body, from, present, fault);
      const suffixes = unpacked(body, prefixes.end, present, fault);
      let before = 0;
      let whole = 0;
      prefixes.values.forEach((length, i) => {
        if (!(length >= 0 && length <= before)) throw fault(`a prefix of the ${before} bytes before`, length);
        before = length + suffixes.values[i];
        whole += before;
      });
      if (!(whole <= LARGEST_PAGE)) throw fault(`texts of at most ${LARGEST_PAGE} bytes in a page`, whole);
      return suffixes.end + total(suffixes.values, fault);
    }
    default:
      throw fault('an encoding of Parquet', encoding);
  }
}

/** The index after `count` plainly encoded values (PLAIN = 0). */
export function plainEnd(
  body: Uint8Array,
  from: number,
  element: SchemaElement,
  count: number,
  fault: PageFault,
): number {
  const width = widthOf(element);
  let end = from;
  if (width !== undefined) end += count * width;
  else if (element.type === 'BOOLEAN') end += Math.ceil(count / 8);
  else {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    for (let i = 0; i < count && end + 4 <= body.length; i++) end += 4 + view.getUint32(end, true);
  }
  if (!(end <= body.length)) throw fault(`${count} values within the page`, `${body.length - from} bytes`);
  return end;
}

/** Whether nothing but zeros follows: some writers end a section with an empty run. */
export function onlyZeros(bytes: Uint8Array, from: number, to = bytes.length): boolean {
  if (!(from <= to && to <= bytes.length)) return false;
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Bytes of a value where all have the same. */
function widthOf({ type, type_length: length }: SchemaElement): number | undefined {
  return type === 'FIXED_LEN_BYTE_ARRAY' ? length : WIDTH[type ?? ''];
}

function unpacked(body: Uint8Array, from: number, count: number, fault: PageFault) {
  const values = new Int32Array(count);
  return { end: walkDeltaBlocks(body, from, body.length, count, fault, values), values };
}

function total(lengths: Int32Array, fault: PageFault): number {
  let sum = 0;
  for (const length of lengths) {
    if (!(length >= 0)) throw fault('lengths of at least 0', length);
    sum += length;
  }
  return sum;
}
