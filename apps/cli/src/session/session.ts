import { appendFileSync } from 'node:fs';
import colors from 'picocolors';
import { type Content, inBlocks, type StagedFile, stageFile } from '../files/atomic-write.js';
import { finiteJson } from '../files/finite-json.js';
import { type Inputs, refuseInputs } from '../files/output-paths.js';
import { forTerminal } from './for-terminal.js';
import type { Io, TextSink } from './io.js';
import { type LogFormat, type Logger, type LogLevel, makeLogger } from './logger.js';

/** What one invocation of the command line carries: its streams, its log, its palette. */
export interface Session {
  readonly io: Io;
  readonly log: Logger;
  /** Colours for standard output; plain when it is no terminal or NO_COLOR is set. */
  readonly paint: ReturnType<typeof colors.createColors>;
  readonly version: string;
  /** Bytes that an input may unpack to. */
  readonly maxBytes: number;
  /** The command line as it was given, for provenance. */
  readonly commandLine: string;
  /** Prints text for people on standard output. */
  print(text: string): void;
  /**
   * Writes `value` as JSON to `target` (`-` is standard output); undefined does nothing.
   * Returns whether standard output now belongs to the JSON.
   */
  writeJson(target: string | undefined, value: object): Promise<boolean>;
  /** Writes a file aside; it stands in its place once the verb has done all it does. */
  writeFile(path: string, content: Content): Promise<void>;
  /** Writes pieces of text to a path, or to standard output for `-` and undefined. */
  writeText(path: string | undefined, pieces: Iterable<string>): Promise<void>;
  /** Puts every file that was written in its place, or, where one of them is an input, none. */
  commit(): Promise<void>;
  /** Removes what was written and not yet put in its place. */
  discard(): Promise<void>;
}

interface SessionOptions {
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly logFile?: string | undefined;
  readonly version: string;
  readonly commandLine: string;
  readonly maxBytes: number;
  /** What the verb reads, and so may not write. */
  readonly inputs: Inputs;
}

const wantsColor = (sink: TextSink, env: Io['env']): boolean => sink.isTTY && !env.NO_COLOR && env.TERM !== 'dumb';

export const makeSession = (io: Io, options: SessionOptions): Session => {
  const stderrColors = colors.createColors(wantsColor(io.stderr, io.env) && options.logFile === undefined);
  const { logFile } = options;
  // A log that cannot be written is better known at once than at its first line.
  if (logFile !== undefined) appendFileSync(logFile, '');
  const log = makeLogger({
    level: options.logLevel,
    format: options.logFormat,
    write: logFile === undefined ? (line) => io.stderr.write(line) : (line) => appendFileSync(logFile, line),
    paint: (level, text) =>
      level === 'error' ? stderrColors.red(text) : level === 'warn' ? stderrColors.yellow(text) : text,
    now: () => new Date(),
  });
  /** Data goes on as it is, but for a terminal. */
  const data = (text: string): string => (io.stdout.isTTY ? forTerminal(text) : text);
  const staged: StagedFile[] = [];
  const writeFile: Session['writeFile'] = async (path, content) => {
    // Refused before a verb says that it has written it.
    await refuseInputs([['output', path]], options.inputs);
    staged.push(await stageFile(path, content));
  };
  return {
    io,
    log,
    paint: colors.createColors(wantsColor(io.stdout, io.env)),
    version: options.version,
    maxBytes: options.maxBytes,
    commandLine: options.commandLine,
    print: (text) => io.stdout.write(forTerminal(text.endsWith('\n') ? text : `${text}\n`)),
    writeJson: async (target, value) => {
      if (target === undefined) return false;
      const { text, nulled } = finiteJson(value, 2);
      if (nulled.length > 0) log.warn(`${nulled.length} value(s) are not finite and were written as null`);
      if (target === '-') {
        io.stdout.write(data(`${text}\n`));
        return true;
      }
      await writeFile(target, `${text}\n`);
      return false;
    },
    writeFile,
    writeText: async (path, pieces) => {
      if (path !== undefined && path !== '-') return writeFile(path, pieces);
      for (const piece of inBlocks(pieces)) {
        io.stdout.write(data(piece));
        await io.stdout.drained?.();
      }
    },
    commit: async () => {
      await refuseInputs(
        staged.map(({ path }) => ['output', path] as const),
        options.inputs,
      );
      for (let file = staged.shift(); file !== undefined; file = staged.shift()) {
        await file.commit();
        log.info(`wrote ${file.path}`, { path: file.path });
      }
    },
    discard: async () => {
      for (const file of staged) await file.discard();
    },
  };
};
