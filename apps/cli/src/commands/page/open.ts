import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ExitCode } from '@stepclock/faults';
import { isStdin } from '../../files/input.js';
import { tracePaths } from '../../files/paths/trace-paths.js';
import { settingsPathOf } from '../../files/settings-file.js';
import { atMost, wholeNumber } from '../../options/number-rules.js';
import { flag, number, paths } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { inputFault, usageFault } from '../../session/errors.js';
import { openBrowser } from './open-browser.js';
import { type HandedFile, servePage } from './page-server.js';

/** The built page stands beside the built program. */
const PAGE = fileURLToPath(new URL('./page/', import.meta.url));

/** The logs, each with the settings beside it, named so that the page finds them. */
const handedFiles = async (given: readonly string[]): Promise<readonly HandedFile[]> => {
  const files: HandedFile[] = [];
  for (const path of await tracePaths(given)) {
    if (isStdin(path)) throw usageFault('open', 'takes files; standard input cannot be read again by the page');
    if (!(await stat(path)).isFile()) throw inputFault(path, 'must be a file');
    files.push({ path, name: path });
    const settings = await settingsPathOf(path, undefined);
    if (settings !== undefined) files.push({ path: settings, name: `${path}.meta.json` });
  }
  return files;
};

export const verb = defineVerb({
  positionals: { logs: paths('logs that the page shows; none: it waits for a drop', 'trace') },
  options: {
    browser: flag('open the browser; --no-browser prints the address alone [open it]'),
    port: number('where the page is served, on this machine alone [a free one]', atMost(65_535, wholeNumber)),
  },
  examples: [
    ['$0 open bench.json', 'the verdict, the timeline of steps and requests, what if'],
    ['$0 open requests.jsonl --no-browser', 'prints the address, for a browser elsewhere on this machine'],
  ],
  run: async ({ logs, browser, port }, session) => {
    const files = await handedFiles(logs);
    if ((await stat(PAGE).catch(() => undefined)) === undefined) {
      throw inputFault('page', "must stand beside the program; build it by 'npm run build'");
    }
    const { address, server } = await servePage(PAGE, files, port);
    session.print(`${address}\nThe page is served until you press Ctrl+C. Nothing leaves this machine.`);
    if (browser !== false) openBrowser(address);
    await once(server, 'close');
    return ExitCode.ok;
  },
});
