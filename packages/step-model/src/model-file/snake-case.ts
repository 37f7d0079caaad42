/** `deltaBetaL2` becomes `delta_beta_l2`; a name that already has an underscore (`mean_A_pf_tokens`) is left alone. */
const snakeName = (name: string): string =>
  name.includes('_') ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const isColumn = (value: unknown): value is Float64Array => ArrayBuffer.isView(value) && !(value instanceof DataView);

/** A result object with the field names of a JSON file; typed arrays become arrays, undefined fields vanish. */
export const snakeCaseKeys = (value: unknown): unknown => {
  if (isColumn(value)) return Array.from(value);
  if (Array.isArray(value)) return value.map(snakeCaseKeys);
  return value === null || typeof value !== 'object' ? value : snakeCaseFields(value);
};

/** As {@link snakeCaseKeys}, of an object. */
export const snakeCaseFields = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => [snakeName(k), snakeCaseKeys(v)]),
  );
