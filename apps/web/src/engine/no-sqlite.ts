import { Fault } from '@stepclock/faults';

/** In place of sql.js: its megabyte of WebAssembly is no part of the page. */
export default (): Promise<never> => {
  throw new Fault('trace-io/bad-sqlite', {
    what: 'SQLite database',
    rule: 'must be read by the program (stepclock estimate FILE): the page does not carry SQLite',
  });
};
