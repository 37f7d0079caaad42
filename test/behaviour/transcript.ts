import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { condensed } from './condensed.js';

const root = join(import.meta.dirname, '../..');

/** Where the recorded transcripts stand. */
export const TRANSCRIPTS = join(root, 'fixtures/behaviour');

/** The commands of a transcript, in order. */
export const commandsOf = (transcript: string): readonly string[] =>
  transcript
    .split('\n')
    .filter((line) => line.startsWith('$ '))
    .map((line) => line.slice(2));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of shell in which `stepclock` is the program. */
const ran = (line: string, program: string, cwd: string): Promise<Ran> =>
  new Promise((resolve) => {
    const shell = `stepclock() { '${process.execPath}' '${program}' "$@"; }\n${line}`;
    const options = { cwd, maxBuffer: 1 << 28, env: { ...process.env, NO_COLOR: '1' } };
    const child = execFile('sh', ['-c', shell], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
    child.stdin?.end();
  });

const FIXTURES = 'fixtures';

/** When each file below a folder was written; the fixtures are no output. */
const filesBelow = (folder: string): ReadonlyMap<string, number> =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path !== FIXTURES && !path.startsWith(`${FIXTURES}/`))
      .map((path) => [path, statSync(join(folder, path))] as const)
      .filter(([, facts]) => facts.isFile())
      .map(([path, { mtimeMs }]) => [path, mtimeMs] as const),
  );

const indented = (lines: readonly string[], mark: string): readonly string[] =>
  lines.map((line) => `${mark}${line}`.trimEnd());

/** What one command says and writes, as lines: `  ` standard output, `! ` standard error, `? ` the exit code, `+ ` a file. */
const answerTo = async (line: string, program: string, folder: string): Promise<readonly string[]> => {
  const before = filesBelow(folder);
  const { code, stdout, stderr } = await ran(line, program, folder);
  const written = [...filesBelow(folder)].filter(([path, at]) => before.get(path) !== at).map(([path]) => path);
  return [
    `$ ${line}`,
    ...(code === 0 ? [] : [`? ${code}`]),
    ...indented(condensed(Buffer.from(stdout), ''), '  '),
    ...indented(condensed(Buffer.from(stderr), ''), '! '),
    ...written
      .sort()
      .flatMap((path) => [`+ ${path}`, ...indented(condensed(readFileSync(join(folder, path)), path), '    ')]),
  ];
};

/** Runs commands one after the other in one empty folder, beside the fixtures, and writes down what the program answers. */
export const transcriptOf = async (commands: readonly string[], program: string): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'stepclock-behaviour-'));
  try {
    symlinkSync(join(root, 'fixtures'), join(folder, FIXTURES));
    const lines: string[] = [];
    for (const command of commands) lines.push(...(await answerTo(command, program, folder)));
    return `${lines.join('\n')}\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Numbers agree to this share of themselves, or where both are no more than rounding. */
const RELATIVE = 1e-6;
const ROUNDING = 1e-9;

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

const agree = (a: number, b: number): boolean =>
  Math.abs(a - b) <= RELATIVE * Math.max(Math.abs(a), Math.abs(b)) || Math.max(Math.abs(a), Math.abs(b)) < ROUNDING;

const shape = (line: string): string => line.replace(NUMBER, '#').replace(/ +/g, ' ');

/** The line as recorded where today's says the same up to rounding, else today's. */
const sameLine = (today: string, recorded: string | undefined): string => {
  if (recorded === undefined || shape(today) !== shape(recorded)) return today;
  const [a, b] = [today, recorded].map((line) => [...line.matchAll(NUMBER)].map(([x]) => Number(x)));
  return a?.every((x, i) => agree(x, b?.[i] ?? Number.NaN)) ? recorded : today;
};

const answers = (transcript: string): readonly string[] => transcript.split(/^(?=\$ )/m);

/** Today's transcript with the recorded figures wherever both agree up to rounding: what differs from the record is a change. */
export const upToRounding = (today: string, recorded: string): string => {
  const before = new Map(answers(recorded).map((answer) => [answer.split('\n', 1)[0], answer.split('\n')]));
  return answers(today)
    .map((answer) => {
      const lines = answer.split('\n');
      const known = before.get(lines[0]) ?? [];
      return lines.map((line, i) => sameLine(line, known[i])).join('\n');
    })
    .join('');
};
