import { dirname, join } from 'node:path';
import { isStdin, readTextIfThere } from './input.js';

/** Text that tells the settings of a trace's engine, and where it stood. */
export interface SettingsText {
  readonly name: string;
  readonly text: string;
}

/** The settings of one trace alone: they win over the meta.json of its folder, and belong to no other trace in it. */
export const ownSettingsPath = (trace: string): string => `${trace}.meta.json`;

/** A TraceV2 of BLIS is two files of one name, its header and its rows. */
const blisHeaderPath = (trace: string): string | undefined =>
  /\.csv(?:\.gz)?$/i.test(trace) ? trace.replace(/\.csv(?:\.gz)?$/i, '.yaml') : undefined;

const isBlisHeader = (text: string): boolean => /^\s*(?:---\s*\n)?trace_version\s*:/.test(text);

/**
 * The engine's settings of a trace: the file named by --meta, `TRACE.meta.json`, the YAML header of a BLIS trace (`x.yaml` beside
 * `x.csv`), or the `meta.json` of its folder, whichever is there first.
 *
 * @throws what reading a file throws; a file named by --meta must be there
 */
export const settingsTextOf = async (trace: string, meta: string | undefined): Promise<SettingsText | undefined> => {
  if (meta !== undefined) {
    const text = await readTextIfThere(meta);
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT', path: meta });
    return { name: meta, text };
  }
  if (isStdin(trace)) return undefined;
  const own = await readTextIfThere(ownSettingsPath(trace));
  if (own !== undefined) return { name: ownSettingsPath(trace), text: own };
  const header = blisHeaderPath(trace);
  const yaml = header === undefined ? undefined : await readTextIfThere(header);
  if (header !== undefined && yaml !== undefined && isBlisHeader(yaml)) return { name: header, text: yaml };
  const common = join(dirname(trace), 'meta.json');
  const text = await readTextIfThere(common);
  return text === undefined ? undefined : { name: common, text };
};
