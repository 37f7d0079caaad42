import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Python with some packages, or what of it is missing here. */
export type Python = { readonly program: string } | { readonly missing: string };

/** Packages by pip, with the words that pip takes for them, and a line that works only where they are. */
export interface PythonPackages {
  readonly install: readonly string[];
  readonly probe: string;
}

/** Whether a command is here and ends well. */
export const works = (command: string, words: readonly string[]): boolean => spawnSync(command, words).status === 0;

/** Brings what is absent by pip into a folder that later runs find. */
export const pythonOf = (folder: string, { install, probe }: PythonPackages): Python => {
  if (!works('python3', ['--version'])) return { missing: 'python3 is not installed' };
  const program = join(folder, 'bin/python');
  const has = (): boolean => existsSync(program) && works(program, ['-c', probe]);
  if (has()) return { program };
  const named = install.filter((word) => !word.startsWith('-')).join(', ');
  process.stdout.write(`installing ${named}\n`);
  if (!works('python3', ['-m', 'venv', folder])) return { missing: `python3 makes no venv in ${folder}` };
  if (!works(program, ['-m', 'pip', 'install', '--quiet', ...install]) || !has())
    return { missing: `pip cannot bring ${named}: no network?` };
  return { program };
};
