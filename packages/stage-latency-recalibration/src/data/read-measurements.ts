import { MOST_LEVELS, nestsTooDeep } from '@stepclock/faults';
import { readTidyTable, type TidyTable } from '@stepclock/trace-io';
import { stageFault } from '../stage-fault.js';
import { perSampleTable } from './per-sample-results.js';

/**
 * Measurements from a stream of bytes: CSV, TSV, JSON lines, or the published per-sample JSON (one file, a list of
 * files, or one a line); recognised from the content.
 *
 * @throws Fault `trace-io/...` for a broken table, `stage/bad-json` for a broken JSON file
 */
export const readMeasurements = async (source: AsyncIterable<Uint8Array>, file = '<input>'): Promise<TidyTable> => {
  const chunks: Uint8Array[] = [];
  // The source may reuse its chunk for the next one: keep a copy.
  for await (const chunk of source) chunks.push(chunk.slice());
  const whole = joined(chunks);
  const head = new TextDecoder().decode(whole.subarray(0, 4096)).trimStart();
  if (head.startsWith('[') || (head.startsWith('{') && !isJsonLine(head))) {
    return perSampleTable(jsonOf(whole, file), file);
  }
  return readTidyTable(once(whole), { fileName: file });
};

/** One JSON value, or, where objects that hold lists stand one a line, all of them. */
const jsonOf = (bytes: Uint8Array, file: string): unknown => {
  if (nestsTooDeep(bytes)) {
    throw stageFault('stage/bad-json', {
      what: 'file',
      rule: `must have at most ${MOST_LEVELS} levels of nesting`,
      file,
    });
  }
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return JSON.parse(text);
  } catch (error) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    try {
      if (lines.length > 1 && lines.every((line) => line.startsWith('{'))) return lines.map((line) => JSON.parse(line));
    } catch {
      // The whole says more of what is wrong than one of its lines.
    }
    throw stageFault('stage/bad-json', {
      what: 'file',
      rule: 'must be one JSON value with per_sample_results, or JSON lines',
      file,
      hint: error instanceof Error ? error.message : String(error),
    });
  }
};

/** Whether the first line is an object of its own, and not one that holds the samples. */
const isJsonLine = (head: string): boolean => {
  const [first = ''] = head.split('\n');
  if (/"per_sample_results"\s*:/.test(first)) return false;
  return first.trimEnd().endsWith('}') || first.length >= 4000;
};

const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
