import { join } from 'node:path';
import { betasSchema, engineLineSchema, tuningSchema } from '@stepclock/step-model';
import { type ConversionConfig, toJsonSchema } from '@valibot/to-json-schema';
import { doctorSchema } from '../../apps/cli/src/commands/doctor/diagnosis.js';

export const SCHEMAS = join(import.meta.dirname, '../../docs/schemas');

/** The files of stepclock with a published schema: `stepclock/FAMILY@VERSION`, in docs/schemas/FAMILY-VERSION.json. */
const FILES = {
  'betas@2': betasSchema,
  'doctor@1': doctorSchema,
  'engine@1': engineLineSchema,
  'tuning@1': tuningSchema,
};

const CONFIG: ConversionConfig = {
  target: 'draft-2020-12',
  // JSON has no NaN and no infinity, and is not changed; that low <= high, no JSON Schema can say.
  ignoreActions: ['finite', 'check', 'readonly'],
};

/** Each file's name with its text. */
export const publishedSchemas = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(FILES).map(([name, schema]) => {
      const { $schema, ...json } = toJsonSchema(schema, CONFIG);
      const text = JSON.stringify({ $schema, title: `stepclock/${name}`, ...json }, null, 2);
      return [`${name.replace('@', '-')}.json`, `${text}\n`];
    }),
  );
