// One HTTP request with JSON both ways through a Unix socket: a socket in a folder is seen from every network namespace.
import { request } from "node:http";
import { text } from "node:stream/consumers";

/** Where a server is: `host` and `port` as it knows itself, and the Unix socket through which it is reached. */
export interface Door {
  host: string;
  port: number;
  socketPath: string;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** Sends one request; rejects only when nothing answers. A body that is no JSON comes as a text. */
export function callHttp(
  door: Door,
  method: string,
  path: string,
  options: { body?: unknown; token?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        socketPath: door.socketPath,
        method,
        path,
        // Keystone and Heat under test keep no connection.
        agent: false,
        headers: {
          host: `${door.host}:${door.port}`,
          "content-type": "application/json",
          ...(options.token === undefined ? {} : { "x-auth-token": options.token }),
        },
      },
      (message) => {
        const answer = { status: message.statusCode ?? 0, headers: message.headers };
        text(message).then((said) => resolve({ ...answer, body: parseBody(said) }), reject);
      },
    );
    asked.once("error", reject);
    asked.end(options.body === undefined ? undefined : JSON.stringify(options.body));
  });
}

function parseBody(said: string): unknown {
  if (said === "") return undefined;
  try {
    return JSON.parse(said);
  } catch {
    return said;
  }
}
