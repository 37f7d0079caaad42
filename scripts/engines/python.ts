import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGES = ['pyspark==4.1.1', 'chdb==4.4.0'];

/** Python with pyspark and chdb, or what of it is missing here. */
export type Python =
  | { readonly program: string; readonly env: Readonly<Record<string, string>> }
  | { readonly missing: string };

const works = (command: string, words: readonly string[]): boolean => spawnSync(command, words).status === 0;

/** Brings what is absent by pip into a folder that later runs find. */
export const pythonOf = (folder: string): Python => {
  if (!works('python3', ['--version'])) return { missing: 'python3 is not installed' };
  if (!works('java', ['-version'])) return { missing: 'java, which Spark runs on, is not installed' };
  const program = join(folder, 'bin/python');
  const env = { PYSPARK_PYTHON: program, PYTHONWARNINGS: 'ignore' };
  const has = (): boolean => existsSync(program) && works(program, ['-c', 'import pyspark, chdb']);
  if (has()) return { program, env };
  process.stdout.write(`engines: installing ${PACKAGES.join(', ')}\n`);
  if (!works('python3', ['-m', 'venv', folder])) return { missing: `python3 makes no venv in ${folder}` };
  if (!works(program, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]) || !has())
    return { missing: `pip cannot bring ${PACKAGES.join(', ')}: no network?` };
  return { program, env };
};
