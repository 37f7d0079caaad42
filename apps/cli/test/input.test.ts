import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openInput } from '../src/files/input.js';
import { ownFolder } from './own-folder.js';

const OPEN_FILES = '/proc/self/fd';
const packed = gzipSync(randomBytes(4 << 20));
const reading = { io: { stdin: Readable.from([]) }, maxBytes: 2 ** 30 };

/** Whether this process has the file open. */
const isOpen = (path: string): boolean =>
  readdirSync(OPEN_FILES).some((descriptor) => {
    const link = join(OPEN_FILES, descriptor);
    return existsSync(link) && readlinkSync(link) === path;
  });

describe.skipIf(!existsSync(OPEN_FILES))('A packed file is let go of', () => {
  const folder = ownFolder('input');

  it('when its reader stops early', async () => {
    const path = folder.at('early.gz');
    writeFileSync(path, packed);
    const { bytes } = await openInput(path, reading);
    for await (const part of bytes) {
      expect(part.length).toBeGreaterThan(0);
      expect(isOpen(path)).toBe(true);
      break;
    }
    await expect.poll(() => isOpen(path)).toBe(false);
  });

  it('when it does not unpack', async () => {
    const path = folder.at('spoiled.gz');
    writeFileSync(
      path,
      packed.map((byte, i) => (i > 1000 && i < 2000 ? 255 - byte : byte)),
    );
    const { bytes } = await openInput(path, reading);
    await expect(async () => {
      for await (const part of bytes) expect(part.length).toBeGreaterThan(0);
    }).rejects.toThrow(/must be a whole gzip file/);
    await expect.poll(() => isOpen(path)).toBe(false);
  });
});
