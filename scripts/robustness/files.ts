/**
 * Gives every file of a folder of clients' outputs to the program, and prints what it answers.
 *
 *   npm run files -- FOLDER [--only TEXT] [--part estimate|doctor]      # builds nothing: `npm start` first
 *
 * - estimate: every file and every folder. It is answered where it is estimated, advised where it is refused with what to do instead.
 *   Files called true-* are what the engine knew, and left out.
 * - doctor: every file. It is answered where each command that doctor proposes runs as it is printed, advised where none is proposed and
 *   a flag or a file is named instead.
 *
 * Anything else fails the run, as does a crash.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { doctor, type Verdict } from './doctored.js';

const BIN = join(import.meta.dirname, '../../apps/cli/dist/bin.js');
const TIMEOUT_MS = 120_000;
const LONGEST = 150;
/** Words by which a refusal says what to do. */
const ADVICE = /\b(?:give|run it|run the|start (?:the|v)|export (?:them|it)|profile again|it looks like|--map)\b/;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, part: { type: 'string' } },
});
const [given = ''] = positionals;
const folder = resolve(given);
if (given === '' || !existsSync(folder)) {
  process.stderr.write(`files: must be given a folder that is there; got ${JSON.stringify(given)}\n`);
  process.exit(2);
}

interface Found {
  readonly path: string;
  readonly isFolder: boolean;
}

const pathsIn = (path: string): readonly Found[] =>
  readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const own = { path: join(path, entry.name), isFolder: entry.isDirectory() };
    return own.isFolder ? [own, ...pathsIn(own.path)] : [own];
  });

const estimateVerdict = (path: string): Verdict => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'estimate', path], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  const text = status === 0 ? stdout : stderr.replace(/^stepclock: /, '');
  const said = text.split('\n').filter((line) => line !== '')[0] ?? '';
  const short = said.replaceAll(path, '...');
  return {
    kind: status === 0 ? 'answered' : status === 1 && ADVICE.test(stderr) ? 'advised' : 'failed',
    text: short.length > LONGEST && status !== 0 ? `...${short.slice(-LONGEST)}` : short,
  };
};

const asked = doctor(BIN, TIMEOUT_MS);
const parts: Readonly<Record<string, { of: (found: Found) => boolean; verdict: (path: string) => Verdict }>> = {
  estimate: { of: ({ path }) => !basename(path).startsWith('true-'), verdict: estimateVerdict },
  doctor: { of: ({ isFolder }) => !isFolder, verdict: asked.ask },
};

const found = pathsIn(folder).filter(({ path }) => flags.only === undefined || path.includes(flags.only));
for (const [name, { of, verdict }] of Object.entries(parts)) {
  if (flags.part !== undefined && flags.part !== name) continue;
  const counts = { answered: 0, advised: 0, failed: 0 };
  for (const { path } of found.filter(of)) {
    const { kind, text } = verdict(path);
    counts[kind]++;
    process.stdout.write(
      `${kind.padEnd(9)}${name} ${path.slice(folder.length + 1)}: ${text.replaceAll(path, '...')}\n`,
    );
  }
  process.stdout.write(
    `${name}: ${counts.answered} answered, ${counts.advised} told what to do, ${counts.failed} failed\n`,
  );
  if (counts.failed > 0) process.exitCode = 1;
}
asked.close();
