/** A JSON string, or a number that JSON does not have and Python's json writes. */
const TEXT_OR_NON_FINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs;

/** What a JSON text says; NaN, Infinity and -Infinity, which Python writes, are null. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(text.replace(TEXT_OR_NON_FINITE, (found) => (found.startsWith('"') ? found : 'null')));
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const NULL = bytesOf('null');
const NAN = bytesOf('NaN');
const INFINITY = bytesOf('Infinity');
const MINUS_INFINITY = bytesOf('-Infinity');
const NOTHING = new Uint8Array(0);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const N = 0x4e;
const I = 0x49;
const MINUS = 0x2d;

/** The bytes of a JSON text, chunk by chunk, with null for the numbers that JSON does not have. */
export class NonFiniteFilter {
  #inText = false;
  #escaped = false;
  /** The word that the bytes seen last may begin, and how many of its bytes they are. */
  #word: Uint8Array | undefined;
  #matched = 0;

  /** The chunk itself where it holds no such number. */
  write(chunk: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#word !== undefined) {
        if (byte === this.#word[this.#matched]) {
          this.#matched++;
          from = i + 1;
          if (this.#matched < this.#word.length) continue;
          parts.push(NULL);
          this.#word = undefined;
          continue;
        }
        parts.push(this.#held());
      }
      if (this.#inText) {
        if (this.#escaped) this.#escaped = false;
        else if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === QUOTE) this.#inText = false;
      } else if (byte === QUOTE) this.#inText = true;
      else if (byte === N || byte === I || byte === MINUS) {
        // Most signs are those of numbers.
        if (byte === MINUS && i + 1 < chunk.length && chunk[i + 1] !== I) continue;
        parts.push(chunk.subarray(from, i));
        from = i + 1;
        this.#word = byte === N ? NAN : byte === I ? INFINITY : MINUS_INFINITY;
        this.#matched = 1;
      }
    }
    if (parts.length === 0 && from === 0) return chunk;
    parts.push(chunk.subarray(from));
    return joined(parts);
  }

  /** What was held back because a word might have begun. */
  end(): Uint8Array {
    return this.#held();
  }

  #held(): Uint8Array {
    const held = this.#word?.subarray(0, this.#matched) ?? NOTHING;
    this.#word = undefined;
    return held;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
