import type { GivenFile } from '../messages.js';

const PASTED = 'pasted';

const filesOf = (list: Iterable<File>): readonly GivenFile[] =>
  Array.from(list, (file) => ({ name: file.webkitRelativePath || file.name, blob: file }));

/** Files of a drop or a paste; pasted text counts as one. */
export const transferredFiles = (transfer: DataTransfer): readonly GivenFile[] => {
  if (transfer.files.length > 0) return filesOf(transfer.files);
  const text = transfer.getData('text/plain');
  return text === '' ? [] : [{ name: PASTED, blob: new Blob([text]) }];
};

export const pickedFiles = (input: HTMLInputElement): readonly GivenFile[] => filesOf(input.files ?? []);

/** One of the files that `stepclock open` hands over. */
interface HandedFile {
  readonly name: string;
  readonly path: string;
}

/** Names and places of the files that the program serves beside the page; none on a static page. */
const handedOver = (): readonly HandedFile[] => {
  const content = document.querySelector('meta[name="stepclock-files"]')?.getAttribute('content');
  return content == null ? [] : (JSON.parse(content) as readonly HandedFile[]);
};

/** Fetches what `stepclock open` serves, each file once. */
export const openedFiles = (): Promise<readonly GivenFile[]> =>
  Promise.all(
    handedOver().map(async ({ name, path }) => {
      const response = await fetch(path);
      if (!response.ok) throw new Error(`${name}: stepclock open does not hand it over any more (${response.status})`);
      return { name, blob: await response.blob() };
    }),
  );
