import { isServerLog } from '@stepclock/trace-io';
import type { GivenFile } from '../../messages.js';
import { blisHeaderPath, isBlisHeader } from '../program.js';
import { headTextOf } from './given-text.js';

/** A log, and the settings that came with it. */
export interface LogFile {
  readonly file: GivenFile;
  readonly meta?: GivenFile;
}

const lastName = (name: string): string => name.slice(name.lastIndexOf('/') + 1);

const isSettings = ({ name }: GivenFile): boolean => /(?:^|\.)meta\.json$/i.test(lastName(name));

/** The YAML header of a BLIS trace goes with the rows of its own name. */
const headerOf = async (file: GivenFile, files: readonly GivenFile[]): Promise<GivenFile | undefined> => {
  const path = blisHeaderPath(file.name);
  const header = files.find(({ name }) => name === path);
  return header !== undefined && isBlisHeader(await headTextOf(header)) ? header : undefined;
};

const isPrinted = async (file: GivenFile): Promise<boolean> =>
  /\.(?:log|txt)(?:\.gz)?$/i.test(file.name) && isServerLog(await headTextOf(file));

/**
 * The logs among some files, each with its settings: `LOG.meta.json` holds those of LOG, a YAML header those of the BLIS rows of its name,
 * `meta.json`, or else what a server printed as it started, those of all others.
 */
export const logsOf = async (files: readonly GivenFile[]): Promise<readonly LogFile[]> => {
  // One file alone is the log, whatever it holds: the reader says what it is.
  if (files.length < 2) return files.map((file) => ({ file }));
  const settings = files.filter(isSettings);
  const headers = new Map<GivenFile, GivenFile>();
  const printed: GivenFile[] = [];
  for (const file of files) {
    const header = await headerOf(file, files);
    if (header !== undefined) headers.set(file, header);
    else if (await isPrinted(file)) printed.push(file);
  }
  const taken = new Set([...settings, ...headers.values()]);
  const others = files.filter((file) => !taken.has(file));
  // A server's log may tell of its steps as well: it is settings only where something else is the log.
  const hasOther = others.some((file) => !printed.includes(file));
  const logs = others.filter((file) => !hasOther || !printed.includes(file));
  if (logs.length === 0) return files.map((file) => ({ file }));
  const common =
    settings.find(({ name }) => lastName(name).toLowerCase() === 'meta.json') ?? (hasOther ? printed[0] : undefined);
  return logs.map((file) => {
    const own = (of: (name: string) => string) =>
      settings.find(({ name }) => of(name) === of(`${file.name}.meta.json`));
    const meta = own((name) => name) ?? own(lastName) ?? headers.get(file) ?? common;
    return meta === undefined ? { file } : { file, meta };
  });
};
