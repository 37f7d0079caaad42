/**
 * Writes a synthetic file of a format, the text that the benchmark of the readers makes up as it reads.
 *
 *   npm run ts -- packages/trace-io/bench/write-synthetic.ts FORMAT REQUESTS PATH
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { SHAPES, synthetic } from './synthetic.js';

const [format = '', requests, path] = process.argv.slice(2);
const shape = SHAPES[format];
if (shape === undefined || path === undefined || !(Number(requests) > 0)) {
  throw new Error(`usage: write-synthetic.ts FORMAT REQUESTS PATH; FORMAT is one of ${Object.keys(SHAPES).join(', ')}`);
}
await pipeline(synthetic(shape, Number(requests)), createWriteStream(path));
