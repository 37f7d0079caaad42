import { stat } from 'node:fs/promises';
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

const standing = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;

/**
 * Where the settings of a trace's engine stand: the file named by --meta, `TRACE.meta.json`, the YAML header of a BLIS trace (`x.yaml` beside
 * `x.csv`), or the `meta.json` of its folder, whichever is there first.
 */
export const settingsPathOf = async (trace: string, meta: string | undefined): Promise<string | undefined> => {
  if (meta !== undefined) return meta;
  if (isStdin(trace)) return undefined;
  if (await standing(ownSettingsPath(trace))) return ownSettingsPath(trace);
  const header = blisHeaderPath(trace);
  if (header !== undefined && isBlisHeader((await readTextIfThere(header)) ?? '')) return header;
  const common = join(dirname(trace), 'meta.json');
  return (await standing(common)) ? common : undefined;
};

/**
 * The settings of a trace's engine, from where they stand.
 *
 * @throws what reading a file throws; a file named by --meta must be there
 */
export const settingsTextOf = async (trace: string, meta: string | undefined): Promise<SettingsText | undefined> => {
  const name = await settingsPathOf(trace, meta);
  if (name === undefined) return undefined;
  const text = await readTextIfThere(name);
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT', path: name });
  return { name, text };
};
