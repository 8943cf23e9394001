// Asks Heat as a vm's own user: tokens from Keystone, used until they are refused. No proxy, no redirect, Node's own client.
import { readFileSync } from "node:fs";
import { type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls } from "node:https";
import { rootCertificates } from "node:tls";
import { Failure, messageOf } from "../model/failure.ts";
import type { Json, JsonMap } from "../model/json.ts";
import { type HeatAccess, tokenUrl } from "./heat-metadata.ts";

const requestTimeoutMs = 30_000;

/** Where the authorities stand that a vm's image trusts, a private cloud's own among them. */
const systemCertificates = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: string;
}

/** A token, and where Heat is for it. */
interface Grant {
  token: string;
  heat: string;
}

export class HeatSession {
  readonly #access: HeatAccess;
  #grant: Promise<Grant> | undefined;

  constructor(access: HeatAccess) {
    this.#access = access;
  }

  /**
   * Asks for a path below Heat's URL. Fails `retry` when Heat or Keystone cannot be reached or are ill, `give-up` with code `forbidden` when they refuse.
   */
  async ask(method: "GET" | "POST", path: string, body?: Json): Promise<Json> {
    for (let tries = 1; ; tries++) {
      const { token, heat } = await (this.#grant ??= this.#authenticate());
      const answer = await send(method, `${heat}/${path}`, { "x-auth-token": token }, body);
      if (answer.status < 300) return JSON.parse(answer.body === "" ? "null" : answer.body) as Json;
      // It has expired.
      if (answer.status === 401 && tries === 1) this.#grant = undefined;
      else throw refusal(`Heat answers ${method} ${path}`, answer);
    }
  }

  async #authenticate(): Promise<Grant> {
    const { authUrl, userId, password, projectId, region } = this.#access;
    try {
      const auth = {
        identity: { methods: ["password"], password: { user: { id: userId, password } } },
        scope: { project: { id: projectId } },
      };
      const answer = await send("POST", tokenUrl(authUrl), {}, { auth });
      if (answer.status !== 201) throw refusal("Keystone answers a request for a token", answer);
      const token = String(answer.headers["x-subject-token"]);
      return { token, heat: findHeat(JSON.parse(answer.body) as JsonMap, region) };
    } catch (error) {
      this.#grant = undefined;
      throw error;
    }
  }
}

function findHeat(answer: JsonMap, region: string | undefined): string {
  type Service = { type: string; endpoints: { interface: string; region: string; url: string }[] };
  const { catalog = [] } = answer["token"] as unknown as { catalog?: Service[] };
  const endpoints = catalog.filter(({ type }) => type === "orchestration").flatMap((service) => service.endpoints);
  const isOurs = (where: { interface: string; region: string }): boolean =>
    where.interface === "public" && (region === undefined || where.region === region);
  const found = endpoints.find(isOurs);
  if (found === undefined)
    throw new Failure("retry", "no-heat", "Keystone's catalog has no public endpoint of type orchestration");
  return found.url.replace(/\/+$/, "");
}

function refusal(what: string, { status, body }: Answer): Failure {
  const message = `${what} with HTTP ${status}: ${body.replace(/\s+/g, " ").slice(0, 300)}`;
  return status === 403 || status === 401
    ? new Failure("give-up", "forbidden", message)
    : new Failure("retry", "unwell", message);
}

function send(method: string, url: string, headers: Record<string, string>, body?: Json): Promise<Answer> {
  const text = body === undefined ? "" : JSON.stringify(body);
  const length = text === "" ? {} : { "content-type": "application/json", "content-length": String(Buffer.byteLength(text)) };
  const all = { accept: "application/json", ...headers, ...length };
  const options = { method, headers: all, timeout: requestTimeoutMs };
  const isTls = url.startsWith("https:");
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(new Failure("retry", "unreachable", `${new URL(url).origin} cannot be reached: ${messageOf(error)}`));
    const request = isTls ? requestTls(url, { ...options, ca: trusted() }) : requestPlain(url, options);
    request.on("timeout", () => request.destroy(new Error(`no answer in ${requestTimeoutMs / 1000} s`)));
    request.on("error", fail);
    request.on("response", (response: IncomingMessage) => {
      let received = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (received += chunk));
      response.on("error", fail);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }));
    });
    request.end(text);
  });
}

function trusted(): string[] {
  for (const path of systemCertificates) {
    try {
      return [...rootCertificates, readFileSync(path, "utf8")];
    } catch {
      // Another distribution has them elsewhere.
    }
  }
  return [...rootCertificates];
}
