import { fault } from '../../fault.js';
import { zipEntries } from './zip-entries.js';

/** Bytes that a workbook, and one sheet of it, may unpack to: 32 MiB are 100,000 rows of six numbers, as many as the reader can hold (texts stand apart). */
const [MOST_BYTES, MOST_OF_SHEET] = [256 * 2 ** 20, 32 * 2 ** 20];
/** Above this size a workbook may unpack to so many times its packed size; real ones reach 5 to 40. */
const [RATIO_FROM, MOST_RATIO] = [8 * 2 ** 20, 100];

/**
 * Refuses a zip archive by what its directory says, before anything is unpacked. (What is longer than the directory says is cut off by the unzip library.)
 *
 * @throws Fault `token2metrics/too-large`, `token2metrics/not-xlsx`
 */
export const checkUnpackedSize = (bytes: Uint8Array, file: string): void => {
  const entries = zipEntries(bytes);
  if (!entries) throw broken(file);
  const unpacked = entries.reduce((sum, { size }) => sum + size, 0);
  const sheets = entries.filter(({ name }) => name.startsWith('xl/worksheets/'));
  const largest = sheets.reduce((most, { size }) => Math.max(most, size), 0);
  const most = unpacked > RATIO_FROM ? Math.min(MOST_BYTES, MOST_RATIO * bytes.length) : MOST_BYTES;
  if (unpacked <= most && largest <= MOST_OF_SHEET) return;
  throw fault('too-large', {
    what: 'workbook',
    rule: `must unpack to at most ${MOST_BYTES / 2 ** 20} MiB, ${MOST_RATIO} times its own size, and ${MOST_OF_SHEET / 2 ** 20} MiB a sheet`,
    value: `${unpacked} bytes of ${bytes.length}, ${largest} in one sheet`,
    file,
    hint: 'save its sheet as CSV',
  });
};

const broken = (file: string) =>
  fault('not-xlsx', {
    what: 'workbook',
    rule: 'must be an Excel .xlsx file',
    value: 'a zip archive that is cut short',
    file,
  });
