import { type ExitCode, type Io, run } from '../src/index.js';

/** What a run of the command line left behind. */
export interface Captured {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process, with captured streams and no terminal. */
export const capture = async (argv: readonly string[], stdin = '', overrides: Partial<Io> = {}): Promise<Captured> => {
  let stdout = '';
  let stderr = '';
  const code = await run(argv, {
    stdin: (async function* () {
      yield new TextEncoder().encode(stdin);
    })(),
    stdout: {
      isTTY: false,
      columns: undefined,
      write: (text) => {
        stdout += text;
      },
    },
    stderr: {
      isTTY: false,
      columns: undefined,
      write: (text) => {
        stderr += text;
      },
    },
    env: {},
    ...overrides,
  });
  return { code, stdout, stderr };
};
