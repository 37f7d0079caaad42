/** A TraceV2 of BLIS is two files of one name, its header and its rows. @returns where the header of a `.csv` stands */
export const blisHeaderPath = (trace: string): string | undefined =>
  /\.csv(?:\.gz)?$/i.test(trace) ? trace.replace(/\.csv(?:\.gz)?$/i, '.yaml') : undefined;

export const isBlisHeader = (text: string): boolean => /^\s*(?:---\s*\n)?trace_version\s*:/.test(text);
