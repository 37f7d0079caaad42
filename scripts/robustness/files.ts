/**
 * Gives every file of a folder of clients' outputs, and each of its folders, to the program, and prints what it answers.
 *
 *   npm run files -- FOLDER [--only TEXT]      # builds nothing: `npm start` first
 *
 * A file is answered where it is estimated, advised where it is refused with what to do instead; anything else fails the run, as does
 * a crash. Files called true-* are what the engine knew, and left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const BIN = join(import.meta.dirname, '../../apps/cli/dist/bin.js');
const LONGEST = 150;
/** Words by which a refusal says what to do. */
const ADVICE = /\b(?:give|run it|run the|start (?:the|v)|export (?:them|it)|profile again|it looks like|--map)\b/;

const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: { only: { type: 'string' } } });
const [folder = ''] = positionals;
if (!existsSync(folder)) {
  process.stderr.write(`files: must be given a folder that is there; got ${folder === '' ? 'nothing' : folder}\n`);
  process.exit(2);
}

const pathsIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('true-'))
    .flatMap((entry) => {
      const own = join(path, entry.name);
      return entry.isDirectory() ? [own, ...pathsIn(own)] : [own];
    });

const counts = { answered: 0, advised: 0, failed: 0 };
for (const path of pathsIn(folder).filter((name) => flags.only === undefined || name.includes(flags.only))) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'estimate', path], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  const verdict = status === 0 ? 'answered' : status === 1 && ADVICE.test(stderr) ? 'advised' : 'failed';
  counts[verdict]++;
  const text = status === 0 ? stdout : stderr.replace(/^stepclock: /, '');
  const said = text.split('\n').filter((line) => line !== '')[0] ?? '';
  const short = said.replaceAll(path, '...');
  const advice = short.length > LONGEST && status !== 0 ? `...${short.slice(-LONGEST)}` : short;
  process.stdout.write(`${verdict.padEnd(9)}${path.slice(folder.length + 1)}: ${advice}\n`);
}
process.stdout.write(`${counts.answered} answered, ${counts.advised} told what to do, ${counts.failed} failed\n`);
process.exitCode = counts.failed === 0 ? 0 : 1;
