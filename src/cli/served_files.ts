import type { Handler } from './server.ts';

/** Files that a page may fetch, by path; each is read when it is requested. */
export type ServedFiles = ReadonlyMap<string, () => Uint8Array | Promise<Uint8Array>>;

/** Answers requests for these files, and passes all other requests on. */
export function servedFiles(files: ServedFiles, others: Handler): Handler {
  return (request, response, next) => {
    const read = request.method === 'GET' ? files.get(request.url ?? '') : undefined;
    if (!read) return others(request, response, next);
    response.setHeader('content-type', 'application/octet-stream');
    (async () => response.end(await read()))().catch((error: Error) =>
      response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(error.message),
    );
  };
}
