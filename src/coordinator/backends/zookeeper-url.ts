// The coordinator URL of ZooKeeper: members, credentials, TLS and the path below which everything stands.
import { readFileSync } from "node:fs";
import { Failure, messageOf } from "../../model/failure.ts";
import type { SessionOptions } from "./zookeeper-session.ts";

export const zookeeperExample = "zookeeper://HOST:2181,HOST:2181/PATH";

const defaultPorts = { plain: 2181, tls: 2281 };
const defaultRoot = "/weft";
const fileParameters = ["ca", "cert", "key"] as const;

/** Takes `zookeeper[+tls]://[user:password@]h1:p,h2:p/PATH[?ca=FILE&cert=FILE&key=FILE]` apart. Messages never show the password. */
export function parseZookeeperUrl(url: string): Pick<SessionOptions, "members" | "tls" | "credentials"> & { root: string } {
  const match = /^zookeeper(\+tls)?:\/\/(?:([^@/]*)@)?([^@/?]+)(\/[^?]*)?(?:\?(.*))?$/.exec(url);
  if (match === null) throw mistaken("it names no server");
  const [, plus, user, hosts = "", path = "", query = ""] = match;
  const tls = plus !== undefined;
  const root = path.replace(/\/$/, "") || defaultRoot;
  if (!/^(\/[!-.0-~]+)+$/.test(root) || /\/\.{1,2}(\/|$)/.test(root)) throw mistaken(`${root} is no path of a node`);
  const files = new URLSearchParams(query);
  for (const name of files.keys())
    if (!tls || !fileParameters.some((known) => known === name)) {
      throw mistaken(`there is no parameter ${name}: only ca, cert and key (files), with zookeeper+tls://`);
    }
  return {
    members: hosts.split(",").map((host) => parseMember(host, tls ? defaultPorts.tls : defaultPorts.plain)),
    tls: tls ? Object.fromEntries([...files].map(([name, file]) => [name, readPem(name, file)])) : undefined,
    credentials: user === undefined ? undefined : parseCredentials(user),
    root,
  };
}

function parseMember(text: string, defaultPort: number): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  if (host === undefined || port > 65_535) throw mistaken(`"${text}" is no HOST:PORT`);
  return { host, port };
}

function parseCredentials(text: string): { user: string; password: string } {
  const [user, password] = text.split(":");
  if (user === undefined || user === "" || password === undefined) throw mistaken("before the @ it needs USER:PASSWORD");
  try {
    return { user: decodeURIComponent(user), password: decodeURIComponent(password) };
  } catch (error) {
    if (error instanceof URIError) throw mistaken("write a % in user or password as %25");
    throw error;
  }
}

function readPem(name: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Failure("give-up", "tls", `?${name}=${file} of the coordinator's URL: ${messageOf(error)}`, { cause: error });
  }
}

function mistaken(problem: string): Failure {
  return new Failure("give-up", "bad-url", `the URL is no coordinator in ZooKeeper: ${problem}; like ${zookeeperExample}`);
}
