const NO_BREAK = '\u00a0';

/** A text whose lines do not end inside a number or before its unit. */
export const unbroken = (text: string): string => text.replace(/(?<=\d) (?=\d{3}\b|%|[mµun]?s\b)/g, NO_BREAK);
