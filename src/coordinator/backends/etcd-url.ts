// The URL of an etcd cluster: etcd://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]...][/PREFIX][?ca=FILE&cert=FILE&key=FILE]
import { readFileSync } from "node:fs";
import { Failure, messageOf } from "../../model/failure.ts";

const defaultPort = 2379;

const defaultPrefix = "weft";

/** Where a cluster is and who we are to it. */
export interface EtcdAddress {
  /** `http://HOST:PORT` or `https://HOST:PORT`, one a member. */
  endpoints: string[];
  /** What all keys begin with; ends with `/`. */
  root: string;
  user?: { name: string; password: string };
  /** The texts of PEM files. */
  tls: { ca?: string; cert?: string; key?: string };
}

export const exampleUrl = "etcd://HOST:2379[,HOST:2379...]/PREFIX";

/** Takes the URL apart and reads the files that it names. Fails `give-up` with code `bad-url`. */
export function parseEtcdUrl(url: string): EtcdAddress {
  const match = /^(etcds?):\/\/(?:([^@/?]*)@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url);
  if (match === null) throw badUrl(`it must look like ${exampleUrl}`);
  const [, scheme, credentials, members = "", prefix = "", query] = match;
  const tls = readFiles(new URLSearchParams(query));
  const isSecure = scheme === "etcds" || Object.keys(tls).length > 0;
  const parts = prefix.split("/").filter((part) => part !== "");
  return {
    endpoints: members.split(",").map((member) => `${isSecure ? "https" : "http"}://${readMember(member)}`),
    root: `/${parts.length === 0 ? defaultPrefix : parts.map(decode).join("/")}/`,
    ...(credentials === undefined ? {} : { user: readUser(credentials) }),
    tls,
  };
}

function readMember(text: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null) throw badUrl(`"${text}" is no HOST:PORT`);
  return `${match[1]}:${match[2] ?? defaultPort}`;
}

function readUser(credentials: string): { name: string; password: string } {
  const colon = credentials.indexOf(":");
  if (colon <= 0) throw badUrl("a user needs a password: etcd://USER:PASSWORD@HOST:PORT/PREFIX");
  return { name: decode(credentials.slice(0, colon)), password: decode(credentials.slice(colon + 1)) };
}

function readFiles(query: URLSearchParams): EtcdAddress["tls"] {
  const tls: EtcdAddress["tls"] = {};
  for (const [name, file] of query) {
    if (name !== "ca" && name !== "cert" && name !== "key") throw badUrl(`?${name}= is not known: there are ca, cert and key`);
    try {
      tls[name] = readFileSync(file, "utf8");
    } catch (error) {
      throw badUrl(`its ${name} cannot be read: ${messageOf(error)}`);
    }
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw badUrl("cert and key go together");
  return tls;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw badUrl("a % in it must be written %25");
  }
}

// Without the URL: it may hold a password.
function badUrl(what: string): Failure {
  return new Failure("give-up", "bad-url", `this URL of etcd cannot be used: ${what}`);
}
