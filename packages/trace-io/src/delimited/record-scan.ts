import { Fault } from '@stepclock/faults';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/** What the scan found of one record. */
export interface ScannedRecord {
  /** Index after the record's line end; -1 when the record is not complete within the bytes given. */
  next: number;
  cells: number;
  /** Lines that the record covers (more than one where quoted cells hold line ends). */
  lines: number;
  blank: boolean;
}

/**
 * Finds the end of one record of delimited text (RFC 4180), minding quotes, and counts its cells and lines.
 *
 * Quotes that no writer produces (inside a plain cell, or text after a closing quote) are errors here, because d3-dsv
 * would pass over them in silence.
 */
export function scanRecord(
  bytes: Uint8Array,
  from: number,
  to: number,
  delimiter: number,
  place: { readonly file: string; readonly line: number },
): ScannedRecord {
  const found: ScannedRecord = { next: -1, cells: 1, lines: 1, blank: true };
  let p = from;
  let cellStart = true;
  while (p < to) {
    const b = bytes[p];
    if (b === LF) {
      found.next = p + 1;
      return found;
    }
    if (b === CR) {
      // The byte after a carriage return decides whether it belongs to this line end: wait for it.
      if (p + 1 >= to) return found;
      found.next = bytes[p + 1] === LF ? p + 2 : p + 1;
      return found;
    }
    found.blank = false;
    if (b === delimiter) {
      found.cells++;
      cellStart = true;
      p++;
    } else if (b === QUOTE) {
      if (!cellStart) {
        throw badQuote(place.line + found.lines - 1, place.file, 'must stand around a whole cell, doubled inside one');
      }
      p = skipQuoted(bytes, p + 1, to, found);
      if (p < 0) return found;
      const after = bytes[p];
      if (p < to && after !== delimiter && after !== LF && after !== CR) {
        throw badQuote(
          place.line + found.lines - 1,
          place.file,
          'must be followed by a delimiter or a line end where it closes',
        );
      }
      cellStart = false;
    } else {
      cellStart = false;
      p++;
    }
  }
  return found;
}

/** Index after the closing quote, or -1 when it does not come. */
function skipQuoted(bytes: Uint8Array, from: number, to: number, found: ScannedRecord): number {
  for (let p = from; p < to; p++) {
    const b = bytes[p];
    if (b === LF || (b === CR && bytes[p + 1] !== LF)) found.lines++;
    if (b !== QUOTE) continue;
    if (p + 1 >= to) return -1;
    if (bytes[p + 1] !== QUOTE) return p + 1;
    p++;
  }
  return -1;
}

function badQuote(line: number, file: string, rule: string): Fault {
  return new Fault('trace-io/bad-quote', { what: 'quote', file, line, rule });
}
