import { printable } from '@stepclock/faults';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Facts of a log line beside its message. */
type LogFields = Readonly<Record<string, string | number | boolean>>;

export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly write: (line: string) => void;
  /** Colours a level's name, or leaves it. */
  readonly paint: (level: LogLevel, text: string) => string;
  readonly now: () => Date;
}

/** A structured logger: a line a message, as text for people or as JSON for machines. */
export const makeLogger = ({ level, format, write, paint, now }: LoggerOptions): Logger => {
  const limit = LOG_LEVELS.indexOf(level);
  const log =
    (at: LogLevel, label: string) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(at) > limit) return;
      if (format === 'json') {
        const [time, text] = [now().toISOString(), printable(message)];
        write(`${JSON.stringify({ time, level: at, message: text, ...fields })}\n`);
        return;
      }
      const facts = Object.entries(fields).map(([k, v]) => ` ${k}=${v}`);
      const line = printable(`${message}${at === 'debug' ? facts.join('') : ''}`);
      write(`${label === '' ? '' : `${paint(at, label)}: `}${line}\n`);
    };
  return {
    error: log('error', 'stepclock'),
    warn: log('warn', 'warning'),
    info: log('info', ''),
    debug: log('debug', 'debug'),
  };
};
