/** The terms that an option names, apart by commas; `auto` and nothing name none. */
export const termNames = (names: string | undefined): readonly string[] | undefined =>
  names === undefined || names === 'auto' ? undefined : names.split(',').map((name) => name.trim());
