import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { inject } from 'vitest';

export type Program = ChildProcessByStdio<Writable, Readable, Readable>;

/** How a run of the real program ended: its exit code, or the signal that ended it. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real program as a process of its own; `during` may meddle with it. */
export const stepclock = (
  argv: readonly string[],
  during: (program: Program) => void = () => {},
  cwd?: string,
): Promise<Ended> =>
  new Promise((resolve) => {
    const program = spawn(process.execPath, [inject('program'), ...argv], { stdio: ['pipe', 'pipe', 'pipe'], cwd });
    let stdout = '';
    let stderr = '';
    program.stdout.on('data', (d) => {
      stdout += d;
    });
    program.stderr.on('data', (d) => {
      stderr += d;
    });
    program.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    during(program);
  });

/** Bytes that stand in the side files of writes under way, or that a killed program left behind. */
export const bytesAside = (folder: string): number =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.partial'))
    .reduce((sum, name) => sum + (statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0), 0);

/** Sends a signal once, in the midst of a write: as soon as bytes stand in a side file of the folder. */
export const signalWhileWriting = (program: Program, folder: string, signal: NodeJS.Signals): void => {
  const watch = setInterval(() => {
    if (bytesAside(folder) === 0) return;
    clearInterval(watch);
    program.kill(signal);
  }, 1);
  program.on('close', () => clearInterval(watch));
};
