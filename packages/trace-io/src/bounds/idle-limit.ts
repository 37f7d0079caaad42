import { Fault } from '@stepclock/faults';

/** What says nothing of what is looked for may come so often one after another: more than any log has, and few enough to be read in a second or two. */
export const MOST_IDLE = { lines: 2 ** 19, documents: 2 ** 16, requests: 2 ** 19 } as const;

/**
 * Counts what says nothing, one after another. A file of megabytes unpacks to hundreds of millions of short lines.
 *
 * @param what is looked for: `a span of a request`
 * @param kind of what says nothing
 * @throws Fault `trace-io/too-many-idle-lines` from the function that it returns, which is told of each line whether it said something
 */
export const idleLimit = (
  file: string,
  what: string,
  kind: keyof typeof MOST_IDLE,
): ((says: boolean, line: number) => void) => {
  let idle = 0;
  return (says, line) => {
    idle = says ? 0 : idle + 1;
    if (idle <= MOST_IDLE[kind]) return;
    const rule = `must have ${what} in one of ${MOST_IDLE[kind]} ${kind} one after another`;
    throw new Fault('trace-io/too-many-idle-lines', { what: 'file', file, line, rule });
  };
};
