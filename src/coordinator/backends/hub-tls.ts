// TLS to a hub that is known by its certificate alone: the fingerprint is compared before a byte of ours is sent.
import type { ClientRequestArgs, IncomingMessage } from "node:http";
import { request } from "node:https";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";

// A handshake that takes longer is given up.
const handshakeTimeoutMs = 5000;

type Created = (error: Error | null, socket: TLSSocket) => void;

/**
 * Returns a `createConnection` for node:http(s) that connects to exactly the certificate with this SHA-256 `fingerprint` (hexadecimal, with
 * or without colons). The fingerprint stands for name, dates and issuer, which are not looked at.
 */
export function connectPinned(fingerprint: string): (options: ClientRequestArgs, created: Created) => undefined {
  return (options, created) => {
    const { host, port, localAddress, timeout } = options;
    const name = host ?? "localhost";
    const socket = connect({
      host: name,
      port: Number(port ?? 443),
      ...(localAddress === undefined ? {} : { localAddress }),
      servername: isIP(name) === 0 ? name : "",
      // Node's own check refuses every self-signed certificate; ours below is stricter.
      rejectUnauthorized: false,
    });
    const fail = (error: Error): void => created(error, socket);
    const giveUp = (): void => void socket.destroy(new Error("the TLS handshake takes too long"));
    socket.setNoDelay(true);
    socket.setTimeout(timeout ?? handshakeTimeoutMs, giveUp);
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const shown = socket.getPeerCertificate().fingerprint256;
      if (!sameFingerprint(shown, fingerprint)) {
        socket.destroy(new Error(`the hub shows another certificate than the pinned one: its fingerprint is ${shown}`));
        return;
      }
      socket
        .off("error", fail)
        .off("timeout", giveUp)
        .setTimeout(timeout ?? 0);
      created(null, socket);
    });
  };
}

/** As `fetch`, for an `https:` URL whose certificate has this fingerprint; the body is a text. */
export function fetchPinned(url: URL, fingerprint: string, init: RequestInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: init.method ?? "GET",
        headers: init.headers as Record<string, string>,
        createConnection: connectPinned(fingerprint),
        ...(init.signal == null ? {} : { signal: init.signal }),
      },
      (message) => resolve(toResponse(message)),
    );
    asked.once("error", reject);
    asked.end(init.body);
  });
}

function toResponse(message: IncomingMessage): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      message.on("data", (chunk: Buffer) => controller.enqueue(chunk));
      message.once("end", () => controller.close());
      message.once("error", (error) => controller.error(error));
    },
    cancel: () => void message.destroy(),
  });
  return new Response(body, { status: message.statusCode ?? 500, statusText: message.statusMessage ?? "" });
}

/** Tells whether `text` is a SHA-256 fingerprint: 64 hexadecimal digits, colons allowed between bytes. */
export function isFingerprint(text: string): boolean {
  return /^([0-9a-f]{2}:?){31}[0-9a-f]{2}$/i.test(text);
}

function sameFingerprint(one: string | undefined, other: string): boolean {
  const plain = (text: string): string => text.replaceAll(":", "").toLowerCase();
  return one !== undefined && plain(one) === plain(other);
}
