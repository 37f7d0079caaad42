import { ExitCode, Fault, isFault, printable } from '@stepclock/faults';

/** A command line that cannot be carried out as it stands: exit code 2. */
export const usageFault = (what: string, rule: string, value?: unknown): Fault<'cli/usage'> =>
  new Fault('cli/usage', { what, rule, value });

/** The end of a long path tells more than its beginning. */
const ended = (name: string): string => (name.length <= 80 ? name : `...${name.slice(-76)}`);

/** A file that cannot be opened, read or written, or that holds the wrong thing: exit code 1. */
export const inputFault = (name: string, rule: string, value?: unknown, options?: ErrorOptions): Fault<'cli/input'> =>
  new Fault('cli/input', { what: ended(name), rule, value }, options);

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
  EADDRINUSE: 'the port is taken by another program',
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
    if (isFault(error)) {
      const named = error.file !== undefined || error.code === 'cli/usage' || error.code.endsWith('/bad-option');
      throw named ? error : error.with({ file });
    }
    const code = codeOf(error);
    if (!(error instanceof Error && OURS.test(code)) || code.endsWith('/bad-option')) throw error;
    throw error.message.includes(file) ? error : inputFault(file, error.message, undefined, { cause: error });
  }
};

/** Runs what reads an option's text; where a package finds fault with it, the option is at fault. */
export const ofOption = <T>(option: string, compute: () => T): T => {
  try {
    return compute();
  } catch (error) {
    if (!isFault(error)) throw error;
    const { what, rule, value, hint } = error;
    throw new Fault('cli/usage', { what: `${option}: ${what}`, rule, value, ...(hint !== undefined && { hint }) });
  }
};

/** Where an error leads: the exit code and one line for people. */
export interface Verdict {
  readonly exitCode: ExitCode;
  readonly line: string;
}

/** Line ends of a message become blanks; what else could change a terminal is escaped. */
const oneLine = (text: string): string => printable(text.replace(/\s*\n\s*/g, ' '));

/** Sorts an error into bad usage, bad input, or a fault of ours. */
export const verdictOn = (error: unknown): Verdict => {
  const e = error instanceof Error ? error : new Error(String(error));
  const code = codeOf(e);
  if (code === 'cli/usage') return { exitCode: ExitCode.badUsage, line: oneLine(e.message) };
  if (OURS.test(code)) return { exitCode: ExitCode.badInput, line: oneLine(e.message) };
  const system = systemFault(e);
  if (system !== undefined) {
    const path = 'path' in e && typeof e.path === 'string' ? `${e.path}: ` : '';
    return { exitCode: ExitCode.badInput, line: oneLine(`${path}${system}`) };
  }
  if (e instanceof RangeError && e.message.startsWith('Array buffer allocation failed')) {
    return { exitCode: ExitCode.badInput, line: 'there is not enough memory for so much data' };
  }
  return {
    exitCode: ExitCode.bug,
    line: `${oneLine(e.message) || e.name} (this is a bug of stepclock: please report it, with the output of the same command and --debug)`,
  };
};
