import { stat } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { isServerLog } from '@stepclock/trace-io';
import { blisHeaderPath, isBlisHeader } from './blis-header.js';
import { isStdin, readHead, readTextIfThere } from './input.js';

/** Text that tells the settings of a trace's engine, and where it stood. */
export interface SettingsText {
  readonly name: string;
  readonly text: string;
}

/** The settings of one trace alone: they win over the meta.json of its folder, and belong to no other trace in it. */
export const ownSettingsPath = (trace: string): string => `${trace}.meta.json`;

const standing = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined))?.isFile() === true;

/** Where a server of the traces of a folder may have printed its settings. */
const SERVER_LOGS = ['server.log', 'server.log.gz'];

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
  const common = join(dirname(trace), 'meta.json');
  if (await standing(common)) return common;
  for (const name of SERVER_LOGS) {
    const log = join(dirname(trace), name);
    // It is a trace of steps too; and nobody asked for it: what is unreadable, or of another server, is none.
    if (log === normalize(trace) || !(await standing(log))) continue;
    if (isServerLog(await readHead(log).catch(() => ''))) return log;
  }
  return undefined;
};

/**
 * The settings of a trace's engine, from where they stand.
 *
 * @throws what reading a file throws; a file named by --meta must be there
 */
export const settingsTextOf = async (trace: string, meta: string | undefined): Promise<SettingsText | undefined> => {
  const name = await settingsPathOf(trace, meta);
  if (name === undefined) return undefined;
  // Servers print their settings when they start, and then for days.
  const text = /\.(?:log|gz)$/i.test(name) ? await readHead(name) : await readTextIfThere(name);
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT', path: name });
  return { name, text };
};
