import { syntheticCsv } from '../src/synthetic/synthetic-csv.js';
import { loadMeasurements } from '../src/table/load-measurements.js';
import type { Measurements } from '../src/table/measurements.js';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export const load = (text: string, options = {}): Promise<Measurements[]> =>
  loadMeasurements(bytes(text), { file: 'run.csv', ...options });

/** One model of the bundled set. */
export const bundled = async (name: string): Promise<Measurements> => {
  const table = (await load(syntheticCsv())).find(({ model }) => model === name);
  if (!table) throw new Error(`no ${name}`);
  return table;
};

/** The only table of a text. */
export const loadOne = async (text: string, options = {}): Promise<Measurements> => {
  const [table] = await load(text, options);
  if (!table) throw new Error('no table');
  return table;
};
