import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { commandsOf, TRANSCRIPTS, transcriptOf, upToRounding } from '../scripts/behaviour/transcript.js';

/** An intended change is recorded by `npm run behaviour`, and stands in the diff of its commit. */
describe.concurrent('the program says and writes what fixtures/behaviour records', { timeout: 600_000 }, () => {
  it.each(readdirSync(TRANSCRIPTS).filter((file) => file.endsWith('.txt')))('%s', async (file) => {
    const recorded = readFileSync(join(TRANSCRIPTS, file), 'utf8');
    const today = await transcriptOf(commandsOf(recorded), inject('program'));
    expect(upToRounding(today, recorded)).toBe(recorded);
  });
});
