import type { PageFault } from './page-fault.js';

/** Encodings of page values by their number in parquet.thrift. */
const ENCODINGS: readonly (string | undefined)[] = [
  'PLAIN',
  undefined,
  'PLAIN_DICTIONARY',
  'RLE',
  'BIT_PACKED',
  'DELTA_BINARY_PACKED',
  'DELTA_LENGTH_BYTE_ARRAY',
  'DELTA_BYTE_ARRAY',
  'RLE_DICTIONARY',
  'BYTE_STREAM_SPLIT',
];

/** What a page's header says, sizes in bytes; NaN and undefined where it does not say. */
export type PageHeader = {
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  /** Where the header ends and the page begins. */
  readonly end: number;
} & (
  | { readonly kind: 'dictionary'; readonly values: number }
  | { readonly kind: 'data'; readonly values: number; readonly encoding: string; readonly levelEncoding: string }
  | {
      readonly kind: 'data-v2';
      readonly values: number;
      readonly nulls: number;
      readonly rows: number;
      readonly encoding: string;
      readonly levelBytes: number;
      readonly repetitionBytes: number;
      readonly compressed: boolean;
    }
);

type Struct = Map<number, number | boolean | Struct | undefined>;

/**
 * The header of the page at `bytes[at]`, before `to` (PageHeader of parquet.thrift in Thrift's compact protocol). Strict: what two readers could take differently
 * (fields twice or out of order, numbers longer than they need) is refused.
 */
export function pageHeaderAt(bytes: Uint8Array, at: number, to: number, fault: PageFault): PageHeader {
  const reader = new CompactReader(bytes, at, to, fault);
  const header = reader.struct(0);
  const number = (struct: Struct, field: number): number => {
    const value = struct.get(field);
    return typeof value === 'number' ? value : Number.NaN;
  };
  const encoding = (struct: Struct, field: number): string => ENCODINGS[number(struct, field)] ?? 'unknown';
  const inner = (field: number): Struct => {
    const value = header.get(field);
    if (value instanceof Map) return value;
    throw fault('a header of its kind in every page', number(header, 1));
  };
  const sizes = { uncompressedSize: number(header, 2), compressedSize: number(header, 3), end: reader.at };
  switch (number(header, 1)) {
    case 0: {
      const data = inner(5);
      const levelEncoding = encoding(data, 3);
      return { ...sizes, kind: 'data', values: number(data, 1), encoding: encoding(data, 2), levelEncoding };
    }
    case 2:
      return { ...sizes, kind: 'dictionary', values: number(inner(7), 1) };
    case 3: {
      const data = inner(8);
      return {
        ...sizes,
        kind: 'data-v2',
        values: number(data, 1),
        nulls: number(data, 2),
        rows: number(data, 3),
        encoding: encoding(data, 4),
        levelBytes: number(data, 5),
        repetitionBytes: number(data, 6),
        compressed: data.get(7) !== false,
      };
    }
    default:
      throw fault('pages of data and dictionaries', number(header, 1));
  }
}

const DEEPEST = 4;

/** The part of Thrift's compact protocol that a page header needs; longer numbers and texts (statistics) are passed over. */
class CompactReader {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
    private readonly to: number,
    private readonly fault: PageFault,
  ) {}

  struct(depth: number): Struct {
    if (depth > DEEPEST) throw this.#unreadable();
    const fields: Struct = new Map();
    let id = 0;
    for (let byte = this.#byte(); byte !== 0; byte = this.#byte()) {
      if (byte < 0x10) throw this.#unreadable();
      id += byte >> 4;
      fields.set(id, this.#value(byte & 0x0f, depth));
    }
    return fields;
  }

  #value(type: number, depth: number): number | boolean | Struct | undefined {
    switch (type) {
      case 1:
        return true;
      case 2:
        return false;
      case 3:
        this.#skip(1);
        return undefined;
      case 4:
      case 5: {
        const zigzag = this.#varint();
        return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      }
      case 6:
        for (let length = 1; this.#byte() >= 0x80; length++) if (length === 10) throw this.#unreadable();
        return undefined;
      case 7:
        this.#skip(8);
        return undefined;
      case 8:
        this.#skip(this.#varint());
        return undefined;
      case 12:
        return this.struct(depth + 1);
      default:
        throw this.#unreadable();
    }
  }

  /** At most 32 bits. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value >= 2 ** 32) throw this.#unreadable();
      if (byte < 0x80) return value;
      if (scale === 2 ** 28) throw this.#unreadable();
    }
  }

  #byte(): number {
    if (this.at >= this.to) throw this.#unreadable();
    return this.bytes[this.at++];
  }

  #skip(length: number): void {
    if (length > this.to - this.at) throw this.#unreadable();
    this.at += length;
  }

  #unreadable(): Error {
    return this.fault('readable page headers', `byte ${this.at}`);
  }
}
