import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { afterAll, expect, it } from 'vitest';
import { stepclock } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stepclock-sheet-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A zip archive (PKWARE's APPNOTE, 4.3): local headers with their data, the directory, its end. */
const zip = (files: Readonly<Record<string, string>>): Buffer => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const [bytes, called] = [Buffer.from(text), Buffer.from(name)];
    const packed = deflateRawSync(bytes);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(bytes.length, 18);
    facts.writeUInt16LE(called.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), facts, called, packed);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), facts, place, called);
    at += 30 + called.length + packed.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 4);
  end.writeUInt16LE(count, 6);
  end.writeUInt32LE(entries.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...parts, entries, Buffer.from('PK\x05\x06', 'latin1'), end]);
};

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const OFFICE = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const XML = '<?xml version="1.0" encoding="UTF-8"?>';

it('a sheet above 512 KiB is read: the zip reader is the one for Node', async () => {
  const names = ['input_tokens', 'output_tokens', 'ttft_ms', 'decode_time_ms', 'total_time_ms'];
  const row = (at: number, cells: readonly (readonly [type: string, value: string])[]): string =>
    `<row r="${at}">${cells.map(([type, value], i) => `<c r="${'ABCDE'[i]}${at}"${type}>${value}</c>`).join('')}</row>`;
  const header = row(
    1,
    names.map((name) => [' t="inlineStr"', `<is><t>${name}</t></is>`] as const),
  );
  const rows = Array.from({ length: 6000 }, (_, i) => {
    const [input, output] = [100 + ((i * 37) % 900), 20 + ((i * 53) % 400)];
    const [ttft, decode] = [20 + 0.1 * input, 12 * (output - 1)];
    return row(
      i + 2,
      [input, output, ttft, decode, ttft + decode].map((x) => ['', `<v>${x}</v>`] as const),
    );
  });
  const sheet = `${XML}<worksheet xmlns="${MAIN}"><sheetData>${header}${rows.join('')}</sheetData></worksheet>`;
  expect(sheet.length).toBeGreaterThan(512 * 1024);
  const path = join(folder, 'large.xlsx');
  writeFileSync(
    path,
    zip({
      '[Content_Types].xml': `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`,
      'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="8B" sheetId="1" r:id="rId1"/></sheets></workbook>`,
      'xl/_rels/workbook.xml.rels': `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
      'xl/worksheets/sheet1.xml': sheet,
    }),
  );
  const { code, stdout, stderr } = await stepclock([
    ...['token2metrics', 'train', '--data', path, '--model', '8B', '--regression', 'physics', '--no-figures'],
    ...['--output', join(folder, 'models')],
  ]);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('8B: 6000 rows');
});
