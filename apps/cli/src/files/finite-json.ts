/** A JSON text with the places (`a.b[3]`) where NaN or an infinity became null. */
export interface FiniteJson {
  readonly text: string;
  readonly nulled: readonly string[];
}

/** A plain object as JSON with null for NaN and infinities, and the places where that happened. */
export const finiteJson = (value: unknown, indent: number): FiniteJson => {
  const nulled: string[] = [];
  const clean = (v: unknown, path: string): unknown => {
    if (typeof v === 'number' && !Number.isFinite(v)) {
      nulled.push(path);
      return null;
    }
    if (ArrayBuffer.isView(v)) return Array.from(v as Float64Array, (x, i) => clean(x, `${path}[${i}]`));
    if (Array.isArray(v)) return v.map((x, i) => clean(x, `${path}[${i}]`));
    if (v !== null && typeof v === 'object') {
      return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, clean(x, path === '' ? k : `${path}.${k}`)]));
    }
    return v;
  };
  const cleaned = clean(value, '');
  if (nulled.length > 0 && cleaned !== null && typeof cleaned === 'object' && 'warnings' in cleaned) {
    const { warnings } = cleaned;
    if (Array.isArray(warnings)) {
      const message = `not a finite number, written as null: ${nulled.slice(0, 5).join(', ')}${nulled.length > 5 ? ', ...' : ''}`;
      warnings.push({ code: 'non-finite', message });
    }
  }
  return { text: JSON.stringify(cleaned, null, indent), nulled };
};
