import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, inject, it } from 'vitest';
import { commandsOf, TRANSCRIPTS, transcriptOf, upToRounding } from './transcript.js';

/** An intended change is recorded by `npm run behaviour`, and stands in the diff of its commit. */
describe.concurrent('the program says and writes what fixtures/behaviour records', { timeout: 600_000 }, () => {
  it.for(readdirSync(TRANSCRIPTS).filter((file) => file.endsWith('.txt')))('%s', async (file, { expect }) => {
    const path = join(TRANSCRIPTS, file);
    const recorded = readFileSync(path, 'utf8');
    const today = await transcriptOf(commandsOf(recorded), inject('program'));
    await expect(upToRounding(today, recorded)).toMatchFileSnapshot(path);
  });
});
