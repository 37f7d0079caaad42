/** An array of a NumPy archive: doubles of one or two dimensions, row by row, or one text. */
export interface NpzArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array | string;
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bytes of an array in NumPy's format 1.0: magic, length of the header, header, values, little-endian. */
const npyOf = ({ shape, values }: NpzArray): Uint8Array => {
  const points = typeof values === 'string' ? Array.from(values, (c) => c.codePointAt(0) ?? 0) : undefined;
  const type = points === undefined ? '<f8' : `<U${points.length}`;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The values begin at a multiple of 64 bytes.
  const padded = `${header.padEnd(64 * Math.ceil((10 + header.length + 1) / 64) - 11)}\n`;
  const size = typeof values === 'string' ? 4 * (points?.length ?? 0) : 8 * values.length;
  const bytes = new Uint8Array(10 + padded.length + size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x93, ...ascii('NUMPY'), 1, 0]);
  view.setUint16(8, padded.length, true);
  bytes.set(ascii(padded), 10);
  const from = 10 + padded.length;
  if (typeof values !== 'string') for (const [i, value] of values.entries()) view.setFloat64(from + 8 * i, value, true);
  else for (const [i, point] of (points ?? []).entries()) view.setUint32(from + 4 * i, point, true);
  return bytes;
};

const POLYNOMIAL = 0xedb88320;

const crc32 = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
};

/** 1 January 1980, the first day of a ZIP's calendar: the same arrays are the same bytes. */
const DAY = 0x21;

/** Arrays as a `.npz`: a ZIP archive of `.npy` entries, stored as they are (APPNOTE 6.3, NEP 1). */
export const npzOf = (arrays: readonly NpzArray[]): Uint8Array => {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const array of arrays) {
    const content = npyOf(array);
    const name = ascii(`${array.name}.npy`);
    const fields = new DataView(new ArrayBuffer(26));
    // Version 2.0, no flags, stored, no time of day.
    fields.setUint16(0, 20, true);
    fields.setUint16(8, DAY, true);
    fields.setUint32(10, crc32(content), true);
    fields.setUint32(14, content.length, true);
    fields.setUint32(18, content.length, true);
    fields.setUint16(22, name.length, true);
    const shared = new Uint8Array(fields.buffer);
    const entry = new DataView(new ArrayBuffer(20));
    entry.setUint32(0, 0x02014b50, true);
    entry.setUint16(4, 20, true);
    const tail = new DataView(new ArrayBuffer(14));
    tail.setUint32(10, offset, true);
    directory.push(new Uint8Array(entry.buffer, 0, 6), shared, new Uint8Array(tail.buffer), name);
    const local = [Uint8Array.of(0x50, 0x4b, 3, 4), shared, name, content];
    parts.push(...local);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, arrays.length, true);
  end.setUint16(10, arrays.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return joined([...parts, ...directory, new Uint8Array(end.buffer)]);
};

const joined = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
