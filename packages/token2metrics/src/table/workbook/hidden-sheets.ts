import { zipEntries, zipText } from './zip-entries.js';

/** The names of the sheets of a workbook that its author has hidden; none where the workbook does not say. */
export const hiddenSheets = async (bytes: Uint8Array): Promise<ReadonlySet<string>> => {
  const entry = zipEntries(bytes)?.find(({ name }) => name === 'xl/workbook.xml');
  const text = (entry && (await zipText(bytes, entry))) ?? '';
  const sheets = [...text.matchAll(/<(?:\w+:)?sheet\s([^>]*)>/g)].map(([, attributes = '']) => attributes);
  const hidden = sheets.filter((attributes) => /\bstate="(?:hidden|veryHidden)"/.test(attributes));
  return new Set(hidden.map((attributes) => plain(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? '')));
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const plain = (xml: string): string => xml.replace(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
