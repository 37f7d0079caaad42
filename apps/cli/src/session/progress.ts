import { printable } from '@stepclock/faults';
import type { TextSink } from './io.js';

const QUIET_MS = 1000;
const EVERY_MS = 200;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;

/** Reports how far a reader has come. */
export interface Progress {
  update(done: number): void;
  finish(): void;
}

/**
 * A line of progress on a terminal, with rate and remaining time, that stays silent for the first second and anywhere
 * that is no terminal.
 *
 * @param total bytes to come; undefined when nobody knows
 */
export const byteProgress = (
  sink: TextSink,
  what: string,
  total: number | undefined,
  now = () => performance.now(),
): Progress => {
  const start = now();
  let shownAt = start + QUIET_MS - EVERY_MS;
  let shown = false;
  return {
    update(done) {
      const t = now();
      if (!sink.isTTY || t - shownAt < EVERY_MS) return;
      shownAt = t;
      shown = true;
      const rate = done / ((t - start) / 1000);
      const share =
        total === undefined
          ? ''
          : ` of ${megabytes(total)} (${Math.floor((100 * done) / total)} %), ${Math.ceil((total - done) / rate)} s left`;
      sink.write(`\r\x1b[2K${printable(what)}: ${megabytes(done)}${share}, ${megabytes(rate)}/s`);
    },
    finish() {
      if (shown) sink.write('\r\x1b[2K');
    },
  };
};

/** A line of progress on a terminal, of work whose parts are counted; silent as {@link byteProgress} is. */
export const shareProgress = (sink: TextSink, what: string, now = () => performance.now()) => {
  const start = now();
  let shownAt = start + QUIET_MS - EVERY_MS;
  let shown = false;
  return {
    update: (done: number, of: number): void => {
      const t = now();
      if (!sink.isTTY || t - shownAt < EVERY_MS) return;
      shownAt = t;
      shown = true;
      sink.write(`\r\x1b[2K${printable(what)}: ${done} of ${of}`);
    },
    finish: (): void => {
      if (shown) sink.write('\r\x1b[2K');
    },
  };
};

/**
 * A line on a terminal while something runs that nothing interrupts, with the share that is done where it tells; silent anywhere else, as on the page,
 * which has no terminal.
 *
 * @param run called with what takes that share, from 0 to 1
 */
export const working = <T>(
  sink: TextSink | undefined,
  what: string,
  run: (update: (share: number) => void) => T,
  now = () => performance.now(),
): T => {
  if (!sink?.isTTY) return run(() => {});
  const show = (text: string): unknown => sink.write(`\r\x1b[2K${printable(what)}${text}`);
  let shownAt = now();
  show(' ...');
  try {
    return run((share) => {
      const t = now();
      if (t - shownAt < EVERY_MS) return;
      shownAt = t;
      show(`: ${Math.floor(100 * share)} %`);
    });
  } finally {
    sink.write('\r\x1b[2K');
  }
};
