import type { PageFault } from './page-fault.js';

/**
 * Walks a section of Parquet's delta encoding (DELTA_BINARY_PACKED = 5) over `count` values, into `values` where they are wanted (32 bits); returns the
 * index after it. A spoiled header asks for blocks of nothing, or of more than there is.
 */
export function walkDeltaBlocks(
  bytes: Uint8Array,
  from: number,
  to: number,
  count: number,
  fault: PageFault,
  values?: Int32Array,
): number {
  let at = from;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (at >= to || scale > 2 ** 63) throw fault('delta blocks within the page', `byte ${at} of ${to}`);
      const byte = bytes[at++];
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const signed = (): number => {
    const zigzag = varint();
    if (values !== undefined && zigzag >= 2 ** 33) throw fault('delta values of 32 bits', zigzag);
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  };
  const blockSize = varint();
  const miniblocks = varint();
  const total = varint();
  let value = signed();
  const perMiniblock = blockSize / miniblocks;
  if (!(miniblocks > 0 && perMiniblock > 0 && perMiniblock % 8 === 0 && blockSize < 2 ** 24)) {
    throw fault('delta blocks of whole miniblocks', `${blockSize} values in ${miniblocks}`);
  }
  if (total !== count) throw fault(`${count} delta values`, total);
  if (values !== undefined && count > 0) values[0] = value;
  for (let seen = 1; seen < count; ) {
    const least = signed();
    const widths = at;
    at += miniblocks;
    for (let i = 0; i < miniblocks && seen < count; i++, seen += perMiniblock) {
      const width = bytes[widths + i] ?? Number.NaN;
      if (!(width <= 64)) throw fault('delta miniblocks of at most 64 bits', width);
      const start = at;
      at += (perMiniblock * width) / 8;
      if (values === undefined || at > to) continue;
      for (let k = 0; k < perMiniblock && seen + k < count; k++) {
        value = (value + least + low32(bytes, start, k * width, width)) | 0;
        values[seen + k] = value;
      }
    }
    if (at > to) throw fault('delta blocks within the page', `byte ${at} of ${to}`);
  }
  return at;
}

/** The low 32 bits of the number of `width` bits that starts `bit` bits after byte `at`, least significant bit first. */
function low32(bytes: Uint8Array, at: number, bit: number, width: number): number {
  let value = 0;
  for (let taken = 0; taken < Math.min(width, 32); ) {
    const shift = (bit + taken) & 7;
    const most = Math.min(8 - shift, width - taken);
    value += ((bytes[at + ((bit + taken) >>> 3)] >>> shift) & (2 ** most - 1)) * 2 ** taken;
    taken += most;
  }
  return value % 2 ** 32;
}
