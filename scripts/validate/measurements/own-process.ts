import { spawn } from 'node:child_process';

/** The lines that the running script writes when it is started once more with further words: a share of its work in a process of its own. */
export const linesOfOwnProcess = (...words: readonly string[]): Promise<readonly string[]> =>
  new Promise((done, fail) => {
    const argv = [...process.execArgv, ...process.argv.slice(1), ...words];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    child.on('close', (status) => {
      if (status === 0) done(text.trimEnd().split('\n'));
      else fail(new Error(`${words.join(' ')}: exit code ${status}`));
    });
  });
