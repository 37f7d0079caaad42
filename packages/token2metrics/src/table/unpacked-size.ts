import { fault } from '../fault.js';

/** Bytes that a workbook, and one sheet of it, may unpack to: 32 MiB are 100,000 rows of six numbers, as many as the reader can hold (texts stand apart). */
const [MOST_BYTES, MOST_OF_SHEET] = [256 * 2 ** 20, 32 * 2 ** 20];
/** Above this size a workbook may unpack to so many times its packed size; real ones reach 5 to 40. */
const [RATIO_FROM, MOST_RATIO] = [8 * 2 ** 20, 100];

/** Ends of the records of a zip archive: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 and 4.3.16. */
const [END, ENTRY] = [0x06054b50, 0x02014b50];
const [END_BYTES, ENTRY_BYTES, LONGEST_COMMENT] = [22, 46, 0xffff];

/**
 * Refuses a zip archive by what its directory says, before anything is unpacked. (What is longer than the directory says is cut off by the unzip library.)
 *
 * @throws Fault `token2metrics/too-large`, `token2metrics/not-xlsx`
 */
export const checkUnpackedSize = (bytes: Uint8Array, file: string): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - END_BYTES;
  const first = Math.max(0, end - LONGEST_COMMENT);
  while (end >= first && view.getUint32(end, true) !== END) end--;
  if (end < first) throw broken(file);
  let at = view.getUint32(end + 16, true);
  let unpacked = 0;
  let largest = 0;
  for (let entries = view.getUint16(end + 10, true); entries > 0; entries--) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY) throw broken(file);
    const size = view.getUint32(at + 24, true);
    unpacked += size;
    const name = new TextDecoder().decode(
      bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + view.getUint16(at + 28, true)),
    );
    if (name.startsWith('xl/worksheets/')) largest = Math.max(largest, size);
    at += ENTRY_BYTES + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
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
