import { fault } from '../fault.js';

/** A workbook may unpack to so many bytes: a million rows of ten columns, which is as much as a sheet holds. */
const MOST_BYTES = 512 * 2 ** 20;
/** Above this size a workbook may unpack to so many times its packed size; real ones reach 5 to 40. */
const [RATIO_FROM, MOST_RATIO] = [64 * 2 ** 20, 1000];

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
  for (let entries = view.getUint16(end + 10, true); entries > 0; entries--) {
    if (at + ENTRY_BYTES > bytes.length || view.getUint32(at, true) !== ENTRY) throw broken(file);
    unpacked += view.getUint32(at + 24, true);
    at += ENTRY_BYTES + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  const most = unpacked > RATIO_FROM ? Math.min(MOST_BYTES, MOST_RATIO * bytes.length) : MOST_BYTES;
  if (unpacked <= most) return;
  throw fault('too-large', {
    what: 'workbook',
    rule: `must unpack to at most ${most} bytes (${MOST_BYTES / 2 ** 20} MiB, and ${MOST_RATIO} times its own size)`,
    value: unpacked,
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
