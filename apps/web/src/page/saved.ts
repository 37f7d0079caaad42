/** Hands a text or a picture to the browser's downloads. */
export const save = (name: string, content: BlobPart[], type: string): void => {
  const address = URL.createObjectURL(new Blob(content, { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
};

/** A file's name without folders and endings, as the beginning of the names of what is taken from it. */
export const stemOf = (name: string): string => {
  const last = name.slice(name.lastIndexOf('/') + 1);
  return last.replace(/(?:\.(?:json|jsonl|csv|log|gz|ndjson|parquet|txt))+$/i, '').replace(/[^\w.-]+/g, '_') || 'log';
};
