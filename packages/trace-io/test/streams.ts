/** A byte stream that yields `bytes` in chunks of `size`. */
export async function* chunked(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

export function text(content: string): AsyncGenerator<Uint8Array> {
  return chunked(new TextEncoder().encode(content));
}
