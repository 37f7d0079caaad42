/**
 * Where a file of an installed package lies, and what it holds. Node's modules are asked for when a picture is drawn, not when this package is
 * imported: specifications are made in browsers too.
 */
export const installedFile = (specifier: string): string =>
  process
    .getBuiltinModule('node:module')
    .createRequire(import.meta.url)
    .resolve(specifier);

export const installedBytes = (path: string): Uint8Array => process.getBuiltinModule('node:fs').readFileSync(path);

export const installedText = (path: string): string => process.getBuiltinModule('node:fs').readFileSync(path, 'utf8');
