import { Fault, MOST_LEVELS } from '@stepclock/faults';
import { Tokenizer, TokenParser, TokenType } from '@streamparser/json';
import { idleLimit } from '../bounds/idle-limit.js';
import { type Input, startsWithBom } from '../bytes/input.js';
import { NonFiniteFilter } from './non-finite.js';

/** A value of a streamed JSON document, with its place. */
interface JsonValue {
  readonly value: unknown;
  /** Keys and indices from the document's top to the value. */
  readonly path: readonly (string | number)[];
  /** Line on which the value ends. */
  readonly line: number;
}

export interface JsonDocumentSink {
  /** Takes a value at one of the paths as soon as it is complete; it is not kept. */
  readonly value: (found: JsonValue) => void;
  /** Called after each top-level document of the stream (there may be several, one after another). */
  readonly documentEnd?: (line: number) => void;
}

const LF = 0x0a;
/** Bytes that a text in a document, or the blanks between two of its tokens, may have: a prompt and its answer have less. */
const LONGEST_TOKEN = 8 * 1024 * 1024;

/** Tokens one after another without a value that is looked for: the texts of more than a million requests. */
const MOST_IDLE_TOKENS = 2_500_000;
/** Bytes of a number, of which the library holds forty for each; a run of them inside a text counts too, and none is as long. */
const LONGEST_NUMBER = 1024 * 1024;

/**
 * Reads one or several JSON documents token by token and hands out the values at `paths` (`$.benchmarks.*.requests`, with `*` for
 * any key or index). Memory is one such value, however long the document is. NaN and Infinity are null.
 *
 * @throws Fault `trace-io/bad-json` with the line.
 */
export async function readJsonDocuments(input: Input, paths: readonly string[], sink: JsonDocumentSink): Promise<void> {
  const reader = new DocumentReader(input.file, paths, sink);
  let bytesRead = 0;
  for await (const chunk of input.source) {
    reader.write(bytesRead === 0 && startsWithBom(chunk) ? chunk.subarray(3) : chunk);
    bytesRead += chunk.length;
    input.onProgress(bytesRead);
  }
  reader.end();
}

class DocumentReader {
  readonly #tokenizer: Tokenizer;
  readonly #parser: TokenParser;
  readonly #finite = new NonFiniteFilter();
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #line = 1;
  #depth = 0;
  #documents = 0;
  /** Bytes of the chunks since the last one in which a token ended. */
  #open = 0;
  /** Bytes at the end of what was written that may all be of one number. */
  #digits = 0;
  /** Tokens since the last value of the paths. */
  #idleTokens = 0;
  /** Whether a value of the paths was found in the document. */
  #found = false;
  readonly #watch: (says: boolean, line: number) => void;
  /** The chunk being written, its first byte's offset in the stream, and its first line end that is not counted yet. */
  #chunk: Uint8Array = new Uint8Array(0);
  #chunkStart = 0;
  #nextLineEnd = Number.POSITIVE_INFINITY;

  constructor(
    private readonly file: string,
    paths: readonly string[],
    private readonly sink: JsonDocumentSink,
  ) {
    this.#watch = idleLimit(file, 'what is looked for', 'documents');
    this.#tokenizer = new Tokenizer({ separator: '' });
    this.#parser = new TokenParser({ paths: [...paths], keepStack: false, separator: '' });
    this.#parser.onValue = ({ value, key, stack }) => {
      const path = [...stack.slice(1).map((element) => element.key), key].filter((part) => part !== undefined);
      this.#found = true;
      this.#idleTokens = 0;
      this.sink.value({ value, path, line: this.#line });
    };
    this.#tokenizer.onToken = (token) => {
      this.#open = 0;
      this.#countLines(token.offset);
      this.#track(token.token);
      this.#idleTokens++;
      if (this.#idleTokens > MOST_IDLE_TOKENS)
        throw this.#bad(`must have what is looked for in one of ${MOST_IDLE_TOKENS} tokens one after another`);
      this.#parser.write(token);
      if (this.#depth === 0) this.#documentEnd();
    };
    // Errors are thrown where they happen; without handlers the library throws them itself.
  }

  write(chunk: Uint8Array): void {
    this.#check(chunk, true);
    this.#open += chunk.length;
    const digits = digitsAtEnd(chunk);
    this.#digits = digits === chunk.length ? this.#digits + digits : digits;
    if (this.#digits > LONGEST_NUMBER) throw this.#bad(`must have at most ${LONGEST_NUMBER} bytes in one number`);
    this.#feed(this.#finite.write(chunk));
    if (this.#open > LONGEST_TOKEN)
      throw this.#bad(`must have at most ${LONGEST_TOKEN} bytes in one text or run of blanks`);
  }

  end(): void {
    this.#check(new Uint8Array(0), false);
    this.#feed(this.#finite.end());
    // A number at the top level ends with the stream only; a line end ends it here.
    this.#feed(Uint8Array.of(LF));
    if (this.#depth > 0) throw this.#bad('must be complete; the file ends inside it');
    if (this.#documents === 0) throw this.#bad('must be a JSON document');
  }

  #feed(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#findLineEnd(0);
    try {
      this.#tokenizer.write(chunk);
    } catch (error) {
      if (error instanceof Fault) throw error;
      // Where it stands within a chunk is no place in the file.
      const reason = error instanceof Error ? error.message.replace(/ at chunk position .*$/s, '') : 'not JSON';
      throw this.#bad(`valid JSON (${reason.slice(0, 120)})`);
    }
    this.#countLines(this.#chunkStart + chunk.length);
    this.#chunkStart += chunk.length;
  }

  #check(chunk: Uint8Array, stream: boolean): void {
    try {
      this.#utf8.decode(chunk, { stream });
    } catch {
      throw new Fault('trace-io/not-utf8', {
        what: 'encoding',
        file: this.file,
        line: this.#line,
        rule: 'must be valid UTF-8 text',
      });
    }
  }

  #track(token: TokenType): void {
    if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) {
      this.#depth++;
      if (this.#depth > MOST_LEVELS) throw this.#bad(`must have at most ${MOST_LEVELS} levels of nesting`);
    } else if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) {
      this.#depth--;
    }
  }

  #documentEnd(): void {
    this.#documents++;
    this.#watch(this.#found, this.#line);
    this.#found = false;
    this.sink.documentEnd?.(this.#line);
  }

  #countLines(offset: number): void {
    const to = offset - this.#chunkStart;
    while (this.#nextLineEnd < to) {
      this.#line++;
      this.#findLineEnd(this.#nextLineEnd + 1);
    }
  }

  #findLineEnd(from: number): void {
    const at = this.#chunk.indexOf(LF, from);
    this.#nextLineEnd = at < 0 ? Number.POSITIVE_INFINITY : at;
  }

  #bad(rule: string): Fault {
    return new Fault('trace-io/bad-json', { what: 'document', file: this.file, line: this.#line, rule });
  }
}

/** How many bytes at the end of a chunk may be of a number: digits, sign, point, exponent. */
function digitsAtEnd(chunk: Uint8Array): number {
  let at = chunk.length;
  while (at > 0 && isOfNumber(chunk[at - 1] ?? 0)) at--;
  return chunk.length - at;
}

const isOfNumber = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2b || byte === 0x2d || byte === 0x65 || byte === 0x45;
