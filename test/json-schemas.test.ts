import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { publishedSchemas, SCHEMAS } from '../scripts/docs/published-schemas.js';

const schemas = publishedSchemas();

it('docs/schemas holds a schema of every file that has one, and no other', () => {
  expect(readdirSync(SCHEMAS).filter((file) => file.endsWith('.json'))).toEqual(Object.keys(schemas).sort());
});

it.each(Object.entries(schemas))(
  'docs/schemas/%s is what the sources say; npm run schemas makes it anew',
  (file, text) => {
    expect(JSON.parse(readFileSync(join(SCHEMAS, file), 'utf8'))).toEqual(JSON.parse(text));
    expect(text).toContain('"$schema": "https://json-schema.org/draft/2020-12/schema"');
  },
);
