/** What `stepclock doctor` says of one file, taken at its word: every command that it proposes is run, in a shell, in an empty folder. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

interface Diagnosis {
  readonly answers: readonly { readonly commands: readonly string[] }[];
  readonly lacks: readonly { readonly what: string; readonly how: string }[];
  readonly instead: string | null;
}

export interface Verdict {
  readonly kind: 'answered' | 'advised' | 'failed';
  /** What to print of it: one line. */
  readonly text: string;
}

/** Advice that can be followed names an option, a verb, a setting or a file. */
const NAMED = /--[a-z]|\bstepclock [a-z]|[\w*]\.(?:json|jsonl|csv|db|log|md|parquet|ya?ml)\b|\w+[=:] ?true|GET \//;

const firstLine = (text: string | null): string =>
  text?.split('\n').find((line) => line.trim() !== '') ?? 'nothing was said';

/** A doctor for the files of one run; `stepclock` in its commands is the program at `bin`. */
export const doctor = (bin: string, timeoutMs: number) => {
  const base = mkdtempSync(join(tmpdir(), 'doctored-'));
  const program = join(base, 'stepclock');
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`);
  chmodSync(program, 0o755);
  const { PATH = '' } = process.env;
  const env = { ...process.env, PATH: `${base}${delimiter}${PATH}` };
  const run = (command: string, args: readonly string[], cwd: string) =>
    spawnSync(command, args, { encoding: 'utf8', timeout: timeoutMs, maxBuffer: 1 << 28, cwd, env });

  const ask = (path: string, cwd: string): Verdict => {
    const { status, stdout, stderr } = run(program, ['doctor', path, '--json', '-'], cwd);
    if (status !== 0 && status !== 1)
      return { kind: 'failed', text: `doctor ended with ${status}: ${firstLine(stderr)}` };
    // The verb's own schema, held by its tests.
    const found: { readonly files: readonly Diagnosis[] } = JSON.parse(stdout);
    const faults: string[] = [];
    let tried = 0;
    for (const { answers, lacks, instead } of found.files) {
      for (const command of answers.flatMap((answer) => answer.commands)) {
        tried++;
        const ran = run('sh', ['-c', command], cwd);
        if (ran.status !== 0) faults.push(`${command}: ended with ${ran.status}: ${firstLine(ran.stderr)}`);
      }
      for (const { what, how } of lacks)
        if (!NAMED.test(how)) faults.push(`no flag or file would bring ${what}: ${how}`);
      if (answers.length === 0 && !NAMED.test(instead ?? '')) faults.push(`no flag or file in: ${instead}`);
    }
    if (faults.length > 0) return { kind: 'failed', text: faults.join('\n            ') };
    return tried > 0
      ? { kind: 'answered', text: `${tried} commands` }
      : { kind: 'advised', text: found.files[0]?.instead ?? '' };
  };

  return {
    ask: (path: string): Verdict => {
      const cwd = join(base, 'here');
      mkdirSync(cwd);
      try {
        return ask(path, cwd);
      } finally {
        rmSync(cwd, { recursive: true });
      }
    },
    close: (): void => rmSync(base, { recursive: true, force: true }),
  };
};
