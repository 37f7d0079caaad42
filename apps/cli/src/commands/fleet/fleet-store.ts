import { stat } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { readTextIfThere } from '../../files/input.js';
import { inputFault } from '../../session/errors.js';

/** A file whose rows are in the store, as it was when it was read. */
interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly modified_ms: number;
}

/** What the store says of itself: `stepclock/fleet-store@1`. */
interface Manifest {
  readonly schema: 'stepclock/fleet-store@1';
  /** What made its lines; lines of other settings cannot be added to them. */
  readonly settings: Readonly<Record<string, string | number | null>>;
  readonly files: readonly StoredFile[];
  /** Parquet files of lines beside the manifest, one a run. */
  readonly lines: readonly string[];
}

const MANIFEST = 'store.json';
const SCHEMA = 'stepclock/fleet-store@1';

/** A folder of engine lines that later runs extend. */
export interface FleetStore {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Parquet files with the lines of earlier runs. */
  readonly linePaths: readonly string[];
  /** Files of the pattern that no earlier run has read. */
  readonly fresh: readonly string[];
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isStoredFile = (value: unknown): value is StoredFile =>
  isObject(value) &&
  typeof value.path === 'string' &&
  typeof value.bytes === 'number' &&
  typeof value.modified_ms === 'number';

const isName = (value: unknown): value is string => typeof value === 'string' && /^[\w.-]+$/.test(value);

const isManifest = (value: unknown): value is Manifest =>
  isObject(value) &&
  value.schema === SCHEMA &&
  isObject(value.settings) &&
  Array.isArray(value.files) &&
  value.files.every(isStoredFile) &&
  Array.isArray(value.lines) &&
  value.lines.every(isName);

const manifestIn = (text: string, path: string): Manifest => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  if (!isManifest(json)) throw inputFault(path, `must be the manifest of a store, ${SCHEMA}`, text.slice(0, 40));
  return json;
};

const factsOf = async (path: string): Promise<StoredFile> => {
  const { size, mtimeMs } = await stat(path);
  return { path: resolve(path), bytes: size, modified_ms: mtimeMs };
};

/**
 * The store in a folder, empty where there is none, and the files that are new to it. Files that it knows are not opened.
 *
 * @throws Fault `cli/input` where it was made with other settings, where a file that it holds has changed, or lies among the files
 */
export const openStore = async (
  folder: string,
  settings: Manifest['settings'],
  paths: readonly string[],
): Promise<FleetStore> => {
  const place = join(folder, MANIFEST);
  const inside = paths.find((path) => resolve(path).startsWith(resolve(folder) + sep));
  if (inside !== undefined) throw inputFault(inside, 'must lie outside of the store (--store)');
  const text = await readTextIfThere(place);
  const manifest =
    text === undefined ? ({ schema: SCHEMA, settings, files: [], lines: [] } as const) : manifestIn(text, place);
  for (const name of Object.keys({ ...manifest.settings, ...settings })) {
    const [stored, now] = [manifest.settings[name] ?? null, settings[name] ?? null];
    if (stored !== now)
      throw inputFault(place, `${name} must be as in the run that made it, ${JSON.stringify(stored)}`, now);
  }
  const known = new Map(manifest.files.map((file) => [file.path, file]));
  const facts = await Promise.all(paths.map(factsOf));
  const changed = facts.find(({ path, bytes, modified_ms }) => {
    const was = known.get(path);
    return was !== undefined && (was.bytes !== bytes || was.modified_ms !== modified_ms);
  });
  if (changed !== undefined) {
    throw inputFault(
      changed.path,
      'must be as it was when the store read it: its rows cannot be taken out again; make the store anew',
    );
  }
  return {
    folder,
    manifest,
    linePaths: manifest.lines.map((name) => join(folder, name)),
    fresh: paths.filter((path) => !known.has(resolve(path))),
  };
};

/** The manifest once the new files are read, and the path of their lines. */
export const extended = async ({ folder, manifest, fresh }: FleetStore) => {
  const name = `lines-${String(manifest.lines.length + 1).padStart(4, '0')}.parquet`;
  const files = [...manifest.files, ...(await Promise.all(fresh.map(factsOf)))];
  const next: Manifest = { ...manifest, files, lines: [...manifest.lines, name] };
  return {
    manifest: { path: join(folder, MANIFEST), text: `${JSON.stringify(next, null, 2)}\n` },
    lines: join(folder, name),
  };
};
