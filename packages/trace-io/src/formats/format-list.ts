import { FORMATS } from './formats.js';

/** A format that `readTrace` reads. */
export interface FormatInfo {
  /** As the option `format` takes it. */
  readonly name: string;
  /** For people, one line. */
  readonly description: string;
}

/** Every format that `readTrace` reads, for help texts. */
export const formats: readonly FormatInfo[] = FORMATS.map(({ name, description }) => ({ name, description }));
