// One request with JSON both ways to a service of a cloud, with the certificates that the cloud's configuration names.
import { readFileSync } from "node:fs";
import { request as requestHttp } from "node:http";
import { request as requestHttps, type RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { Failure, messageOf } from "../model/failure.ts";
import type { Json } from "../model/json.ts";
import type { CloudConfig } from "./cloud-config.ts";

export interface JsonAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** Undefined where the answer is no JSON. */
  body: Json | undefined;
}

/** A service that says nothing for so long is not there. Heat's preview of a large update takes a while. */
const silenceMs = 120_000;

export type Trust = Pick<CloudConfig, "verify" | "cacert" | "cert" | "key">;

/** Sends one request. Fails `retry` when nothing answers, naming the URL, and `give-up` when its certificate is not trusted. */
export async function requestJson(
  url: URL,
  trust: Trust,
  options: { method?: string; headers?: Record<string, string>; body?: Json; signal?: AbortSignal },
): Promise<JsonAnswer> {
  const { method = "GET", headers = {}, body, signal } = options;
  const content = body === undefined ? undefined : JSON.stringify(body);
  const settings: RequestOptions = {
    method,
    headers: {
      accept: "application/json",
      ...(content === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(content) }),
      ...headers,
    },
    // Each on its own connection: servers end idle ones at any moment.
    agent: false,
    timeout: silenceMs,
    ...(signal === undefined ? {} : { signal }),
    ...(url.protocol === "https:" ? readTrust(trust) : {}),
  };
  try {
    return await new Promise((resolve, reject) => {
      const request = url.protocol === "https:" ? requestHttps : requestHttp;
      const asked = request(url, settings, (message) => {
        const answer = { status: message.statusCode ?? 0, headers: message.headers };
        text(message).then((said) => resolve({ ...answer, body: parseJson(said) }), reject);
      });
      asked.once("timeout", () => asked.destroy(new Error("no answer")));
      asked.once("error", reject);
      asked.end(content);
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw unreachable(url, error);
  }
}

function readTrust({ verify, cacert, cert, key }: Trust): RequestOptions {
  const read = (file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new Failure("give-up", "bad-certificate-file", `cannot read ${file}: ${messageOf(error)}`, { cause: error });
    }
  };
  return {
    rejectUnauthorized: verify,
    ...(cacert === undefined ? {} : { ca: read(cacert) }),
    ...(cert === undefined ? {} : { cert: read(cert), key: read(key ?? cert) }),
  };
}

function unreachable(url: URL, cause: unknown): Failure {
  if (cause instanceof Failure) return cause;
  const code = String((cause as { code?: unknown }).code);
  const isCertificate = /CERT|SIGNATURE|ISSUER|ALTNAME/.test(code);
  const hint = isCertificate
    ? "name the authority's certificate with OS_CACERT, or as cacert in clouds.yaml"
    : "is this address right, and is there a way to it from here?";
  const message = `${url.origin} cannot be reached: ${messageOf(cause) || code}\nhint: ${hint}`;
  return new Failure(isCertificate ? "give-up" : "retry", "unreachable", message, { cause });
}

function parseJson(said: string): Json | undefined {
  try {
    return JSON.parse(said) as Json;
  } catch {
    return undefined;
  }
}
