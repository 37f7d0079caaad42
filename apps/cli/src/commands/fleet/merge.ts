import { ExitCode } from '@stepclock/faults';
import {
  type EngineLine,
  type Fleet,
  fleetFigures,
  fleetJson,
  fleetText,
  mergeFleet,
  parseEngineLine,
  parseExpectedCounts,
  poolModel,
  refuseLostRows,
} from '@stepclock/step-model';
import { textLines } from '@stepclock/trace-io';
import { finiteJson } from '../../files/finite-json.js';
import { openInput, readWhole } from '../../files/input.js';
import { expandPaths } from '../../files/paths/expand-paths.js';
import { jsonOption, type Option, text } from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { defineVerb } from '../../options/verb.js';
import { writeFigures } from '../../reports/figure-files.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';

const files: Option<readonly string[]> = {
  yargs: {
    type: 'string',
    array: true,
    default: [],
    describe: "lines of engines, as 'stepclock map' writes them: files or patterns; - is standard input",
  },
  role: 'tables',
  parse: (value) => [value ?? []].flat().map(String),
};

const linesIn = async (paths: readonly string[], session: Session): Promise<readonly EngineLine[]> => {
  const lines: EngineLine[] = [];
  for (const path of paths) {
    const { bytes, name } = await openInput(path, session);
    for await (const { line, text: content } of textLines(bytes, name)) {
      lines.push(parseEngineLine(content, `${name}:${line}`));
    }
  }
  return lines;
};

/** The pooled model of each kind: the path itself for one kind, `PATH.N` before its ending for several. */
const writePools = async (path: string, { kinds, level }: Fleet, session: Session): Promise<void> => {
  for (const [i, kind] of kinds.entries()) {
    const target = kinds.length === 1 ? path : path.replace(/(\.[^./\\]*)?$/, (ending) => `.${i + 1}${ending}`);
    await session.writeFile(target, `${finiteJson(poolModel(kind, level), 2).text}\n`);
  }
};

export const verb = defineVerb({
  positionals: { files },
  options: {
    expect: text(
      'rows of each engine as their source counts them, engine TAB count a line: other counts are refused',
      'input',
    ),
    pool: text(
      'write the pooled model here, as predict, replay and capacity read it; of several kinds, each with its number before the ending',
      'file',
    ),
    figures: reportOptions.figures,
    ...jsonOption,
  },
  examples: [['$0 merge fleet-*.jsonl --expect counts.tsv --pool pool.json', '']],
  run: async (args, session) => {
    const paths = await expandPaths(args.files);
    if (paths.length === 0) throw usageFault('merge', 'a file is missing: stepclock merge fleet.jsonl');
    const lines = await linesIn(paths, session);
    if (args.expect !== undefined) {
      const { text: counts, name } = await readWhole(args.expect, session);
      refuseLostRows(lines, parseExpectedCounts(counts, name));
    }
    const fleet = mergeFleet(lines);
    if (args.pool !== undefined) await writePools(args.pool, fleet, session);
    if (args.figures !== undefined) await writeFigures(args.figures, fleetFigures(fleet), session);
    const taken = await session.writeJson(args.json, { ...fleetJson(fleet), stepclock_version: session.version });
    if (!taken) session.print(fleetText(fleet));
    return ExitCode.ok;
  },
});
