const [file, name, value] = (process.env.STEPCLOCK_TUNE ?? '').split(':');

/** Gives one constant of one file another value as the file is loaded. */
export const load = async (url, context, next) => {
  const loaded = await next(url, context);
  if (!file || !url.split('?')[0].endsWith(file)) return loaded;
  const source = String(loaded.source);
  const changed = source.replace(new RegExp(`(\\b${name}\\s*=\\s*)[-\\d.e]+(\\s*/\\s*\\d+)?`), `$1${value}`);
  if (changed === source) throw new Error(`${file} has no constant ${name}`);
  return { ...loaded, source: changed };
};
