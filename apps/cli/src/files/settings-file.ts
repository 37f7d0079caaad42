import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isStdin, type Reading, readTextIfThere, readWhole } from './input.js';

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

export const isBlisHeader = (text: string): boolean => /^\s*(?:---\s*\n)?trace_version\s*:/.test(text);

const standing = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;

/** In a folder: the settings of its traces as a file of their own, or as the server printed them. */
const COMMON = ['meta.json', 'server.log', 'server.log.gz'];

/**
 * Where the settings of a trace's engine stand: the file named by --meta, `TRACE.meta.json`, the YAML header of a BLIS trace (`x.yaml` beside
 * `x.csv`), the `meta.json` of its folder, or the server's log there, whichever is there first.
 */
export const settingsPathOf = async (trace: string, meta: string | undefined): Promise<string | undefined> => {
  if (meta !== undefined) return meta;
  if (isStdin(trace)) return undefined;
  if (await standing(ownSettingsPath(trace))) return ownSettingsPath(trace);
  const header = blisHeaderPath(trace);
  if (header !== undefined && isBlisHeader((await readTextIfThere(header)) ?? '')) return header;
  for (const name of COMMON) {
    const common = join(dirname(trace), name);
    // A server's log is a trace of steps too.
    if (common !== join(trace) && (await standing(common))) return common;
  }
  return undefined;
};

/**
 * The settings of a trace's engine, from where they stand.
 *
 * @throws what reading a file throws; a file named by --meta must be there
 */
export const settingsTextOf = async (
  trace: string,
  meta: string | undefined,
  reading: Reading,
): Promise<SettingsText | undefined> => {
  const name = await settingsPathOf(trace, meta);
  if (name === undefined) return undefined;
  const text = name.endsWith('.gz') ? (await readWhole(name, reading)).text : await readTextIfThere(name);
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT', path: name });
  return { name, text };
};
