import type { PageFault } from './page-fault.js';

/** What a run-length section holds. */
interface Runs {
  /** Index after the last byte that holds a value. */
  readonly end: number;
  /** The largest of the values. */
  readonly largest: number;
  /** How many of the values are not zero. */
  readonly nonZero: number;
}

/** Bits that a value may have: what hyparquet's shifts of 32-bit integers hold beside a started byte. */
const WIDEST = 24;

/**
 * Walks `count` values of Parquet's hybrid of run lengths and bit packing without storing them
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings, RLE = 3). The work is linear in the bytes and in `count`, whatever a
 * spoiled run says of its length.
 */
export function walkRuns(
  bytes: Uint8Array,
  from: number,
  to: number,
  width: number,
  count: number,
  fault: PageFault,
): Runs {
  if (!(width <= WIDEST)) throw fault(`values of at most ${WIDEST} bits`, width);
  let at = from;
  let seen = 0;
  let largest = 0;
  let nonZero = 0;
  const byte = (): number => {
    if (at >= to) throw fault(`${count} values within the page`, `${seen} values`);
    return bytes[at++];
  };
  const take = (value: number, times: number): void => {
    if (value > largest) largest = value;
    if (value !== 0) nonZero += times;
    seen += times;
  };
  while (seen < count) {
    let header = 0;
    let next = byte();
    let scale = 1;
    for (; next >= 0x80 && scale < 2 ** 28; next = byte()) {
      header += (next - 0x80) * scale;
      scale *= 128;
    }
    header += next * scale;
    const left = count - seen;
    if (header % 2 === 0) {
      const length = header / 2;
      if (length > left) throw fault(`runs of ${left} more values at most`, length);
      let value = 0;
      for (let shift = 0; shift < width; shift += 8) value += byte() * 2 ** shift;
      if (value >= 2 ** width) throw fault(`a value of ${width} bits`, value);
      take(value, length);
      continue;
    }
    const groups = (header - 1) / 2;
    if (groups > Math.ceil(left / 8)) throw fault(`bit-packed runs of ${left} more values at most`, groups * 8);
    if (at + Math.ceil((Math.min(groups * 8, left) * width) / 8) > to) {
      throw fault(`${count} values within the page`, `${seen} values`);
    }
    for (let i = 0; i < groups * 8 && seen < count; i++) take(packedValue(bytes, at, i * width, width), 1);
    at = Math.min(at + groups * width, to);
  }
  return { end: at, largest, nonZero };
}

/** The value of `width` bits that starts `bit` bits after byte `at`, least significant bit first. */
function packedValue(bytes: Uint8Array, at: number, bit: number, width: number): number {
  const first = at + (bit >>> 3);
  const shift = bit & 7;
  let value = 0;
  for (let k = 0; k * 8 < shift + width; k++) value += (bytes[first + k] ?? 0) * 2 ** (8 * k);
  return Math.floor(value / 2 ** shift) % 2 ** width;
}
