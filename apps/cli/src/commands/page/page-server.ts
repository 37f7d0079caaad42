import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file that the page may read. */
export interface HandedFile {
  readonly path: string;
  /** How the page calls it. */
  readonly name: string;
}

/** The page while it is served. */
export interface PageServer {
  /** With the token: whoever knows it may read the files. */
  readonly address: string;
  readonly server: Server;
}

const HOST = '127.0.0.1';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** A static page asks nobody for anything; this one asks its own server for the files. */
const STATIC = "connect-src 'none'";
const SERVED = "connect-src 'self'";

const inAttribute = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`);

/** The page's own files by their path, the HTML with the names of the files that are handed over. */
const pageFiles = async (folder: string, files: readonly HandedFile[]): Promise<ReadonlyMap<string, Buffer>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found = new Map<string, Buffer>();
  for (const entry of entries) {
    if (!entry.isFile() || TYPES[extname(entry.name)] === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(path.slice(folder.length).replaceAll('\\', '/').replace(/^\//, ''), await readFile(path));
  }
  const handed = JSON.stringify(files.map(({ name }, i) => ({ name, path: `files/${i}` })));
  const html = (found.get('index.html') ?? Buffer.alloc(0)).toString('utf8');
  const served = html
    .replace(STATIC, () => SERVED)
    .replace('</title>', () => `</title>\n    <meta name="stepclock-files" content="${inAttribute(handed)}" />`);
  return found.set('index.html', Buffer.from(served));
};

/** The policy that stands in the page's own head. */
const policyOf = (html: Buffer | undefined): string =>
  /http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(html?.toString('utf8') ?? '')?.[1] ??
  "default-src 'none'";

const isToken = (given: string, token: string): boolean =>
  given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token));

/** Whether a request comes from the page itself or from whoever opened it, and not from another site in the same browser. */
const isOwn = ({ headers }: IncomingMessage, port: number): boolean => {
  const hosts = [`${HOST}:${port}`, `localhost:${port}`];
  const { host = '', origin } = headers;
  const site = headers['sec-fetch-site'] ?? 'none';
  return (
    hosts.includes(host) &&
    (origin === undefined || hosts.some((own) => origin === `http://${own}`)) &&
    (site === 'none' || site === 'same-origin')
  );
};

const answered = async (
  { url = '/', method = 'GET' }: IncomingMessage,
  response: ServerResponse,
  token: string,
  page: ReadonlyMap<string, Buffer>,
  files: readonly HandedFile[],
): Promise<void> => {
  const refuse = (code: number): void => void response.writeHead(code).end();
  if (method !== 'GET' && method !== 'HEAD') return refuse(405);
  const [, given = '', rest = ''] = /^\/([^/?#]*)\/?([^?#]*)/.exec(url) ?? [];
  if (!isToken(given, token)) return refuse(403);
  const own = page.get(rest === '' ? 'index.html' : rest);
  if (own !== undefined) {
    response.setHeader('content-type', TYPES[extname(rest === '' ? 'index.html' : rest)] ?? 'text/plain');
    return void response.end(method === 'HEAD' ? undefined : own);
  }
  const number = /^files\/(\d{1,6})$/.exec(rest)?.[1];
  const file = number === undefined ? undefined : files[Number(number)];
  if (file === undefined) return refuse(404);
  response.setHeader('content-type', 'application/octet-stream');
  const bytes = createReadStream(file.path);
  try {
    await once(bytes, 'open');
  } catch {
    return refuse(404);
  }
  await pipeline(bytes, response).catch(() => response.destroy());
};

/**
 * Serves the page and some files on this machine alone, under an address with a random token. Requests that another site makes, or that come under
 * another name of this machine, are refused.
 *
 * @param folder the built page
 * @param port 0 for a free one
 */
export const servePage = async (folder: string, files: readonly HandedFile[], port = 0): Promise<PageServer> => {
  const token = randomBytes(18).toString('base64url');
  const page = await pageFiles(folder, files);
  const policy = policyOf(page.get('index.html'));
  let ownPort = port;
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries({
      'content-security-policy': `${policy}; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    }))
      response.setHeader(name, value);
    if (!isOwn(request, ownPort)) {
      response.writeHead(403).end();
      return;
    }
    answered(request, response, token, page, files).catch(() => response.destroy());
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'object' && address !== null) ownPort = address.port;
  return { server, address: `http://${HOST}:${ownPort}/${token}/` };
};
