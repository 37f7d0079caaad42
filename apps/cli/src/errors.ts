import { ExitCode } from './exit-code.js';

/** A command line that cannot be carried out as it stands: exit code 2. */
export class UsageError extends Error {
  readonly code = 'cli/usage';
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** A file that cannot be opened, read or written, or that holds the wrong thing: exit code 1. */
export class InputError extends Error {
  readonly code = 'cli/input';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InputError';
  }
}

/** Codes of our packages read `package/what-is-wrong`; anything else that is thrown is a fault of ours. */
const OURS = /^[a-z0-9-]+\/[a-z0-9-]+$/;

const SYSTEM_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory, not a file',
  EEXIST: 'a file stands where a folder is needed',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the path is too long',
  EIO: 'input/output error',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
  ELOOP: 'the path has too many links',
  ENXIO: 'no such device or address',
};

/** The code of an error of the system or of a package; empty where it has none. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** What is wrong, in words, where an error is the system's. */
export const systemFault = (error: unknown): string | undefined => SYSTEM_FAULTS[codeOf(error)];

/** Runs what computes on the content of a file; where a package finds fault with the content, the message names the file. */
export const about = <T>(file: string, compute: () => T): T => {
  try {
    return compute();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = codeOf(error);
    if (!(error instanceof Error && OURS.test(code))) throw error;
    if (code.endsWith('/bad-option') || error.message.includes(file)) throw error;
    throw new InputError(`${file}: ${error.message}`, { cause: error });
  }
};

/** Where an error leads: the exit code and one line for people. */
export interface Verdict {
  readonly exitCode: ExitCode;
  readonly line: string;
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');

/** Sorts an error into bad usage, bad input, or a fault of ours. */
export const verdictOn = (error: unknown): Verdict => {
  const e = error instanceof Error ? error : new Error(String(error));
  const code = codeOf(e);
  if (e instanceof UsageError) return { exitCode: ExitCode.badUsage, line: oneLine(e.message) };
  if (OURS.test(code)) return { exitCode: ExitCode.badInput, line: oneLine(e.message) };
  const system = systemFault(e);
  if (system !== undefined) {
    const path = 'path' in e && typeof e.path === 'string' ? `${e.path}: ` : '';
    return { exitCode: ExitCode.badInput, line: `${path}${system}` };
  }
  if (e instanceof RangeError && e.message.startsWith('Array buffer allocation failed')) {
    return { exitCode: ExitCode.badInput, line: 'there is not enough memory for so much data' };
  }
  return {
    exitCode: ExitCode.bug,
    line: `${oneLine(e.message) || e.name} (this is a bug of stepclock: please report it, with the output of the same command and --debug)`,
  };
};
