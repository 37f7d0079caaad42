/**
 * Records what the program says and writes for the commands of fixtures/behaviour/*.txt, in these files. A diff of them is a change of
 * behaviour. `npm run behaviour -- PROGRAM NAME ...`; the program is apps/cli/dist/bin.js unless given.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commandsOf, TRANSCRIPTS, transcriptOf, upToRounding } from './transcript.js';

const [program = join(import.meta.dirname, '../../apps/cli/dist/bin.js'), ...names] = process.argv.slice(2);
const files = readdirSync(TRANSCRIPTS).filter(
  (file) => file.endsWith('.txt') && (names.length === 0 || names.includes(file.slice(0, -'.txt'.length))),
);
for (const file of files) {
  const path = join(TRANSCRIPTS, file);
  const recorded = readFileSync(path, 'utf8');
  const start = performance.now();
  const today = upToRounding(await transcriptOf(commandsOf(recorded), resolve(program)), recorded);
  writeFileSync(path, today);
  console.log(
    `${file}: ${today === recorded ? 'as recorded' : 'CHANGED'}, ${Math.round(performance.now() - start)} ms`,
  );
}
