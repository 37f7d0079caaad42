import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, inject, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-pages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a line of a page in a folder; it ends as well as it should. */
const printed = async (line: string, cwd: string, code = 0): Promise<string> => {
  // The charts, which reports are drawn by, stay an import of the bundle: from sources, as everything here.
  const program = `${process.execPath} ${inject('program')}`;
  const asked = `${line.replace(/^stepclock/, program)}\nstatus=$?; [ "$status" = ${code} ]`;
  const { stdout } = await promisify(execFile)('bash', ['-c', asked], { cwd });
  return stdout;
};

const linesOf = (text: string): readonly string[] => text.split('\n').map((line) => line.trimEnd());

interface Session {
  readonly command: string;
  readonly output: readonly string[];
}

/** Indented commands of a page in their order, `$ ` before those whose output follows; `...` stands for lines left out. */
const sessionsOf = (page: string): readonly Session[] =>
  [...page.matchAll(/^ {4}(\$ )?((?:stepclock|echo) .*)\n((?: {4}(?!\$ ).*\n|\n(?= {4}(?!\$ )))*)/gm)].map(
    ([, shows, command = '', rest = '']) => ({
      command,
      output:
        shows === undefined
          ? []
          : rest
              .split('\n')
              .map((line) => line.slice(4).trimEnd())
              .filter((line) => !['', '...'].includes(line)),
    }),
  );

describe('what the pages print is what the program prints', () => {
  // A dozen and a half of commands, some of which train models.
  it('docs/from-the-scripts.md: every command ends well, in a folder that has the fixtures', {
    timeout: 600_000,
  }, async () => {
    const page = readFileSync(join(root, 'docs/from-the-scripts.md'), 'utf8');
    const commands = [...page.matchAll(/^ {4}(stepclock .*)$/gm)].map(([, command = '']) => command);
    expect(commands.length).toBeGreaterThan(12);
    const clone = join(folder, 'clone');
    mkdirSync(clone);
    symlinkSync(join(root, 'fixtures'), join(clone, 'fixtures'));
    for (const command of commands) expect((await printed(command, clone)).length, command).toBeGreaterThan(20);
  });

  // Each in a folder of its own that has the fixtures, its commands in their order.
  it.each(['README.md', 'docs/tutorial.md', 'docs/tutorial-otlp.md'])('%s', { timeout: 600_000 }, async (page) => {
    const sessions = sessionsOf(readFileSync(join(root, page), 'utf8'));
    expect(sessions.filter(({ output }) => output.length > 0).length).toBeGreaterThan(2);
    const clone = join(folder, page.replaceAll('/', '-'));
    mkdirSync(clone);
    symlinkSync(join(root, 'fixtures'), join(clone, 'fixtures'));
    copyFileSync(join(root, 'fixtures/formats/vllm-bench.json'), join(clone, 'benchmark.json'));
    for (const { command, output } of sessions) {
      expect(linesOf(await printed(command, clone)), command).toEqual(expect.arrayContaining([...output]));
    }
  });

  it('docs/answers.md, in the folder of its log; the comparison passes its threshold', {
    timeout: 600_000,
  }, async () => {
    const sessions = sessionsOf(readFileSync(join(root, 'docs/answers.md'), 'utf8'));
    expect(sessions.map(({ command }) => command.split(' ')[1])).toEqual([
      'estimate',
      'capacity',
      'tune',
      'tune',
      'what-if',
      'compare',
    ]);
    const clone = join(folder, 'answers');
    mkdirSync(clone);
    for (const log of ['ramp', 'steady']) symlinkSync(join(root, 'fixtures/traces/vllm-cpu', log), join(clone, log));
    for (const { command, output } of sessions) {
      const code = command.includes('--fail-above') ? 4 : 0;
      expect(linesOf(await printed(command, clone, code)), command).toEqual(expect.arrayContaining([...output]));
    }
  });

  it('what npm start runs is the first command of README.md', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const [first] = sessionsOf(readFileSync(join(root, 'README.md'), 'utf8'));
    expect(scripts.demo).toContain(
      first?.command.replace(/^stepclock (.*) --json .*$/, 'node apps/cli/dist/bin.js $1'),
    );
  });
});
