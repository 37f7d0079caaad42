/** A column that counts how often one of its values is read: what a pass costs, told without a clock. */
export const countedReads = (values: Float64Array): { readonly column: Float64Array; readonly reads: () => number } => {
  let count = 0;
  const column = new Proxy(values, {
    get(target, key) {
      if (typeof key === 'string' && /^\d+$/.test(key)) count++;
      return Reflect.get(target, key, target);
    },
  });
  return { column, reads: () => count };
};
