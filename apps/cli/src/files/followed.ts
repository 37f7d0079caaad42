import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 200;
const CHUNK = 1 << 16;

/** The bytes of a file that grows, as they come: it ends only with the process that reads it. */
export async function* followed(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  try {
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK);
      if (bytesRead > 0) yield buffer.slice(0, bytesRead);
      else await wait(POLL_MS);
    }
  } finally {
    await handle.close();
  }
}
