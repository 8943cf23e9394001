// The page that people see at a hub: one file, the same for everybody; what it shows it asks for with the operator's token.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** Reads the page's file. The returned function answers a request for it, and tells whether it was one. */
export function makePageSender(file: string): (request: IncomingMessage, response: ServerResponse) => boolean {
  const page = readFileSync(file);
  const packed = gzipSync(page, { level: 9 });
  const tag = `"${createHash("sha256").update(page).digest("base64url")}"`;
  return (request, response) => {
    const [path] = (request.url ?? "").split("?", 1);
    if ((path !== "/" && path !== "/index.html") || (request.method !== "GET" && request.method !== "HEAD")) return false;
    const common = {
      etag: tag,
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    };
    if (request.headers["if-none-match"] === tag) {
      response.writeHead(304, common).end();
      return true;
    }
    const zipped = request.headers["accept-encoding"]?.includes("gzip") === true;
    const body = zipped ? packed : page;
    response.writeHead(200, {
      ...common,
      "content-type": "text/html; charset=utf-8",
      "content-length": body.length,
      vary: "accept-encoding",
      // Nobody may frame it: a click there would be the operator's.
      "content-security-policy": "frame-ancestors 'none'",
      ...(zipped ? { "content-encoding": "gzip" } : {}),
    });
    response.end(request.method === "HEAD" ? undefined : body);
    return true;
  };
}
