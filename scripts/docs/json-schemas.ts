/** Writes docs/schemas/*.json: the JSON Schemas (draft 2020-12) of the files that stepclock writes and reads. `npm run schemas`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { publishedSchemas, SCHEMAS } from './published-schemas.js';

for (const [file, text] of Object.entries(publishedSchemas())) {
  writeFileSync(join(SCHEMAS, file), text);
  process.stdout.write(`docs/schemas/${file}\n`);
}
