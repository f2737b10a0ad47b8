import { readdir, readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';

export type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

export interface Served {
  url: string;
  close(): void;
}

/**
 * Serves folders as if they were one (files of the first take precedence) and the answers of `routes`, on this machine only: at
 * 127.0.0.1, which Chrome treats as a secure context, as WebGPU requires. Only files that exist when it starts are served.
 */
export async function serve(folders: string | readonly string[], routes: Handler, port = 0): Promise<Served> {
  const files = new Map<string, string>();
  for (const folder of [folders].flat().reverse()) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) files.set(`/${relative(folder, path).split(sep).join('/')}`, path);
    }
  }
  const server = createServer((request, response) => {
    routes(request, response, () => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost');
      sendFile(files.get(pathname === '/' ? '/index.html' : pathname), response).catch((error) =>
        response.destroy(error),
      );
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function sendFile(path: string | undefined, response: ServerResponse): Promise<void> {
  if (!path) {
    response.writeHead(404).end('not found');
    return;
  }
  response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream');
  response.end(await readFile(path));
}
