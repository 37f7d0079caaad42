import type { PageFault } from './page-fault.js';

/**
 * Walks a section of Parquet's delta encoding (DELTA_BINARY_PACKED = 5) over `count` values without decoding it; returns the index after it.
 * A spoiled header asks for blocks of nothing, or of more than there is.
 */
export function walkDeltaBlocks(bytes: Uint8Array, from: number, to: number, count: number, fault: PageFault): number {
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
  const blockSize = varint();
  const miniblocks = varint();
  const total = varint();
  varint();
  const perMiniblock = blockSize / miniblocks;
  if (!(miniblocks > 0 && perMiniblock > 0 && perMiniblock % 8 === 0 && blockSize < 2 ** 24)) {
    throw fault('delta blocks of whole miniblocks', `${blockSize} values in ${miniblocks}`);
  }
  if (total !== count) throw fault(`${count} delta values`, total);
  for (let seen = 1; seen < count; ) {
    varint();
    const widths = at;
    at += miniblocks;
    for (let i = 0; i < miniblocks && seen < count; i++, seen += perMiniblock) {
      const width = bytes[widths + i] ?? Number.NaN;
      if (!(width <= 64)) throw fault('delta miniblocks of at most 64 bits', width);
      at += (perMiniblock * width) / 8;
    }
    if (at > to) throw fault('delta blocks within the page', `byte ${at} of ${to}`);
  }
  return at;
}
