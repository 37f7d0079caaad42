import { Fault } from '@stepclock/faults';

/** Lines one after another that say nothing of what is looked for: more than any log has, and few enough to be read in a second or two. */
export const MOST_IDLE_LINES = 2 ** 20;
/** The same of JSON documents, each of which takes four times as long: exporters write hundreds of spans into one. */
export const MOST_IDLE_DOCUMENTS = 2 ** 18;

/**
 * Counts what says nothing, one after another. A file of megabytes unpacks to hundreds of millions of short lines.
 *
 * @param what is looked for: `a span of a request`
 * @param most of them
 * @throws Fault `trace-io/too-many-idle-lines` from the function that it returns, which is told of each line whether it said something
 */
export const idleLimit = (
  file: string,
  what: string,
  most: number = MOST_IDLE_LINES,
): ((says: boolean, line: number) => void) => {
  let idle = 0;
  return (says, line) => {
    idle = says ? 0 : idle + 1;
    if (idle <= most) return;
    const rule = `must have ${what} in one of ${most} lines one after another`;
    throw new Fault('trace-io/too-many-idle-lines', { what: 'file', file, line, rule });
  };
};
