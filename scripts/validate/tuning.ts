// Moves every tuning constant of the step clock and of the regression of windows by a factor of two either way, and says how far the results move.
// TUNE_ONLY=LONG_TAIL,SETTLED in the environment: those alone.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');
const ROOMS = ['packages/beta-estimators/src/step-clock', 'packages/step-cost/src'];
/** Marks of a state, and constants of mathematics: nothing to tune. */
const FIXED = ['SEEN', 'TOLD', 'NORMAL_QUARTILE'];
const AT_ONCE = 2;
const only = process.env.TUNE_ONLY?.split(',');

interface Constant {
  readonly file: string;
  readonly name: string;
  readonly value: number;
  /** The sentence above it. */
  readonly meaning: string;
}

const constantsOf = (folder: string): Constant[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const path = join(folder, file);
      const source = readFileSync(join(root, path), 'utf8');
      const found = [
        ...source.matchAll(
          /(?:\/\*\*\s((?:(?!\*\/)[\s\S])*)\s\*\/\n)?(?:export )?const ([A-Z][A-Z0-9_]*) = ([-\d._e/ ]+);/g,
        ),
      ];
      let above = '';
      return found.flatMap(([, meaning, name, text]) => {
        above = meaning?.replaceAll(/\n \* ?|^\s*\* /g, ' ').trim() ?? above;
        const [over, under = '1'] = text.replaceAll('_', '').split('/');
        return FIXED.includes(name) || !(only?.includes(name) ?? true)
          ? []
          : [{ file: path, name, value: Number(over) / Number(under), meaning: above }];
      });
    });

/** A log, and what a few steps take by the model that was fitted to it, s. */
interface Case {
  readonly name: string;
  readonly stepSec: readonly number[];
}

/** Undefined where the estimate is refused or fails. */
const measured = (change: string): Promise<readonly Case[] | undefined> =>
  new Promise((done) => {
    const script = join(import.meta.dirname, 'tuning/measure.ts');
    const hook = join(import.meta.dirname, 'tuning/register-hook.mjs');
    const argv = ['--conditions=@stepclock/source', '--import', 'tsx', '--import', hook, script, process.argv[2] ?? ''];
    const child = spawn(process.execPath, argv, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, STEPCLOCK_TUNE: change },
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    child.on('close', (status) => done(status === 0 ? JSON.parse(text) : undefined));
  });

const moved = (value: number, factor: number): number => {
  const by = value * factor;
  return Number.isInteger(value) && value > 1 ? Math.max(1, Math.round(by)) : by;
};

const constants = ROOMS.flatMap(constantsOf);
if (process.argv.includes('--quick')) {
  console.log(`${constants.length} constants; moving each takes some minutes: npm run validate -- --only tuning`);
} else {
  const before = await measured('');
  if (before === undefined) throw new Error('the cases cannot be measured');
  const shift = async ({ file, name, value }: Constant, factor: number): Promise<string> => {
    const after = await measured(`${file}:${name}:${moved(value, factor)}`);
    if (after === undefined) return 'fails';
    const moves = after.map(({ name, stepSec }, i) => ({
      name,
      by: Math.max(...stepSec.map((sec, j) => Math.abs(sec / before[i].stepSec[j] - 1))),
    }));
    const { name: log, by } = moves.reduce((most, next) => (next.by > most.by ? next : most));
    if (by < 5e-6) return '0';
    // Beyond what stands still, the log that moves is named.
    return `${(100 * by).toPrecision(2)} %${by > 0.01 ? ` (${log})` : ''}`;
  };
  const rows = new Map<Constant, readonly [string, string]>();
  const queue = [...constants];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      rows.set(next, [await shift(next, 0.5), await shift(next, 2)]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  console.log('Largest change of a predicted step time over the cases, with the constant halved and doubled.\n');
  console.log('| file | constant | value | halved | doubled | meaning |\n|---|---|--:|--:|--:|---|');
  for (const constant of constants) {
    const [halved, doubled] = rows.get(constant) ?? ['', ''];
    const file = relative('packages', constant.file).replace('/src', '');
    console.log(`| ${file} | ${constant.name} | ${constant.value} | ${halved} | ${doubled} | ${constant.meaning} |`);
  }
}
