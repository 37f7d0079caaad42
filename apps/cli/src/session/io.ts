import { once } from 'node:events';
import { fstatSync } from 'node:fs';

/** A stream that text is written to; a terminal or not. */
export interface TextSink {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  /** Which file it goes into, as `DEVICE:INODE`; undefined where into none. */
  readonly file?: string | undefined;
  write(text: string): void;
  /** Resolves when the sink can take more; absent where it always can. */
  drained?(): Promise<void>;
}

/** Everything of the outside world that `run` touches besides files. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: TextSink;
  readonly stderr: TextSink;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const fileOf = (descriptor: number): string | undefined => {
  const facts = fstatSync(descriptor, { bigint: true });
  return facts.isFile() ? `${facts.dev}:${facts.ino}` : undefined;
};

const sink = (stream: NodeJS.WriteStream, descriptor: number): TextSink => ({
  file: fileOf(descriptor),
  isTTY: stream.isTTY === true,
  columns: stream.columns,
  write: (text) => {
    stream.write(text);
  },
  drained: async () => {
    if (stream.writableNeedDrain) await once(stream, 'drain');
  },
});

/** The real process as an `Io`. */
export const processIo = (): Io => ({
  stdin: process.stdin,
  stdout: sink(process.stdout, 1),
  stderr: sink(process.stderr, 2),
  env: process.env,
});
