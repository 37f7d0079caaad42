import { once } from 'node:events';

/** A stream that text is written to; a terminal or not. */
export interface TextSink {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
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

const sink = (stream: NodeJS.WriteStream): TextSink => ({
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
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  env: process.env,
});
