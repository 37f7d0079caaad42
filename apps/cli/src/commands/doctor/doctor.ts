import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ExitCode } from '@stepclock/faults';
import { isStdin } from '../../files/input.js';
import { expandPaths } from '../../files/paths/expand-paths.js';
import { jsonOption, type Option } from '../../options/option.js';
import { traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { inputFault, usageFault } from '../../session/errors.js';
import { diagnose } from './diagnose.js';
import type { Diagnosis } from './diagnosis.js';

/** The files of a folder and of the folders in it; settings of a trace are read with it. */
const filesIn = async (path: string, depth = 2): Promise<readonly string[]> => {
  if (isStdin(path) || !(await stat(path)).isDirectory()) return [path];
  const entries = (await readdir(path, { withFileTypes: true }))
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const below = await Promise.all(
    entries.map((entry) => {
      const own = join(path, entry.name);
      return !entry.isDirectory() ? [own] : depth > 0 ? filesIn(own, depth - 1) : [];
    }),
  );
  return below.flat();
};

const files: Option<readonly string[]> = {
  yargs: {
    type: 'string',
    array: true,
    demandOption: true,
    describe: 'files of any kind, folders of them, patterns',
  },
  role: 'input',
  parse: (value) => [value ?? []].flat().map(String),
};

const row = (name: string, text: string): string => `  ${name.padEnd(9)}${text}`;
const INDENT = ' '.repeat(13);

const textOf = ({ file, is, answers, lacks, instead, warnings }: Diagnosis): string =>
  [
    file,
    row('is', is),
    ...answers.flatMap(({ question, commands }) => [row('answers', question), ...commands.map((c) => INDENT + c)]),
    ...(answers.length > 0 ? [] : [row('answers', 'nothing as it stands')]),
    ...(instead === null ? [] : [row('instead', instead)]),
    ...lacks.flatMap(({ what, gives, how }) => [row('lacks', `${what}, for ${gives}`), INDENT + how]),
    ...warnings.map(({ code, message }) => row('beware', `${message} [${code}]`)),
  ].join('\n');

export const verb = defineVerb({
  positionals: { files },
  options: { ...traceOptions, ...jsonOption },
  examples: [
    ['$0 doctor bench.json', 'before anything else'],
    ['$0 doctor artifacts/ server.log', 'every file of a folder, and a log'],
  ],
  run: async (args, session) => {
    const paths = (await Promise.all((await expandPaths(args.files)).map((path) => filesIn(path)))).flat();
    if (paths.some(isStdin)) throw usageFault('doctor', 'must be given files: it reads them more than once', '-');
    if (paths.length === 0) throw inputFault(args.files.join(', '), 'must hold a file; got an empty folder');
    const found: Diagnosis[] = [];
    for (const path of paths) found.push(await diagnose(path, args, session));
    const isAnswerable = found.some(({ answers }) => answers.length > 0);
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/doctor@1',
      answerable: isAnswerable,
      files: found,
      stepclock_version: session.version,
    });
    if (!taken) session.print(found.map(textOf).join('\n\n'));
    return isAnswerable ? ExitCode.ok : ExitCode.badInput;
  },
});
