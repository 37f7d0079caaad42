import { Fault } from '@stepclock/faults';

/** Bytes that an input may unpack to, unless its caller allows more: 8 GiB. */
export const MAX_BYTES = 8 * 2 ** 30;
/** Bytes that an input may unpack to however small it is when packed. */
const FREE_BYTES = 64 * 2 ** 20;
/** What packs better than this above `FREE_BYTES` is no log: text packs to a tenth, gzip reaches 1,030 on nothing but zeros. */
const MOST_TIMES_PACKED = 1000;

/** How much an input may unpack to. */
export interface ByteLimits {
  /** For messages. */
  readonly file: string;
  /** Bytes in all, unpacked; 8 GiB where not given. */
  readonly maxBytes?: number | undefined;
  /** Size of the packed input (gzip, Parquet) in bytes, where it is packed: above 64 MiB it may unpack to 1,000 times of it at most. */
  readonly packedBytes?: number | undefined;
}

/**
 * Counts bytes as they unpack.
 *
 * @returns a function that takes the bytes of the next piece
 * @throws Fault `trace-io/too-many-bytes`, from the function returned, where they are too many
 */
export const byteCounter = ({ file, maxBytes = MAX_BYTES, packedBytes }: ByteLimits): ((bytes: number) => void) => {
  const packed = packedBytes === undefined ? Infinity : Math.max(FREE_BYTES, MOST_TIMES_PACKED * packedBytes);
  let seen = 0;
  return (bytes) => {
    seen += bytes;
    if (!(seen <= maxBytes)) {
      const rule = `must unpack to at most ${maxBytes} bytes`;
      throw new Fault('trace-io/too-many-bytes', { what: 'file', file, rule, hint: '--max-bytes allows more' });
    }
    if (seen > packed) {
      const rule = `must unpack to at most ${MOST_TIMES_PACKED} times its ${packedBytes} bytes, or ${FREE_BYTES} bytes`;
      throw new Fault('trace-io/too-many-bytes', {
        what: 'file',
        file,
        rule,
        hint: 'unpack it first if it is what it should be',
      });
    }
  };
};

/**
 * A source of bytes that ends in a fault where it gives more than its limits allow.
 *
 * @throws Fault `trace-io/too-many-bytes`
 */
export async function* withinLimits(source: AsyncIterable<Uint8Array>, limits: ByteLimits): AsyncGenerator<Uint8Array> {
  const count = byteCounter(limits);
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}
