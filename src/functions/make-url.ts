// Heat's function make_url: a URL from its parts, escaped as Python's urllib does.
import { isMap, type Json } from "../model/json.ts";
import { pythonText } from "./python-text.ts";

const parts = ["scheme", "username", "password", "host", "port", "path", "query", "fragment"];

/** Schemes after which Python writes `//` even without a host. */
const netlocSchemes =
  "ftp http gopher nntp telnet imap wais file mms https shttp snews prospero rtsp rtspu rsync svn svn+ssh sftp nfs git git+ssh ws wss";

/** make_url: a map of any of scheme, username, password, host, port, path, query, fragment. */
export function makeUrl(arg: Json): string {
  if (!isMap(arg)) throw new Error("make_url needs a map");
  const unknown = Object.keys(arg).filter((key) => !parts.includes(key));
  if (unknown.length > 0) throw new Error(`make_url: no part of a URL: ${unknown.join(", ")}`);
  const text = (part: string): string => {
    const value = arg[part] ?? (Object.hasOwn(arg, part) ? null : "");
    if (typeof value !== "string") throw new Error(`make_url: ${part} must be a text`);
    return value;
  };
  const scheme = text("scheme");
  if (scheme.includes(":")) throw new Error('make_url: scheme must not contain ":"');
  const authority = `${credentials(text("username"), text("password"))}${hostPart(text("host"))}${portPart(arg["port"])}`;
  let url = quote(text("path"), "/");
  if (authority !== "" || (scheme !== "" && netlocSchemes.split(" ").includes(scheme) && !url.startsWith("//")))
    url = `//${authority}${url === "" || url.startsWith("/") ? "" : "/"}${url}`;
  const query = queryPart(arg["query"]);
  const fragment = quote(text("fragment"), "/");
  return `${scheme === "" ? "" : `${scheme}:`}${url}${query === "" ? "" : `?${query}`}${fragment === "" ? "" : `#${fragment}`}`;
}

function credentials(username: string, password: string): string {
  if (username === "" && password === "") return "";
  return `${quote(username, "")}${password === "" ? "" : `:${quote(password, "")}`}@`;
}

function hostPart(host: string): string {
  const quoted = quote(/^\[.*\]$/s.test(host) ? host.slice(1, -1) : host, ":");
  return quoted.includes(":") ? `[${quoted}]` : quoted;
}

function portPart(port: Json | undefined): string {
  if (port === undefined) return "";
  const isNumber = typeof port === "number" || (typeof port === "string" && /^\s*\+?\d+\s*$/.test(port));
  if (!isNumber || Math.trunc(Number(port)) < 1 || Number(port) >= 65536)
    throw new Error("make_url: port must be a number from 1 to 65535");
  return `:${port}`;
}

function queryPart(query: Json | undefined): string {
  if (query === undefined) return "";
  if (!isMap(query)) throw new Error("make_url: query must be a map");
  const fields = Object.entries(query).map(([key, value]) => {
    if (typeof value === "object" && value !== null) throw new Error("make_url: values in query must be texts or numbers");
    return `${plus(key)}=${plus(value === null ? "None" : pythonText(value))}`;
  });
  return fields.join("&").replaceAll("%2F", "/");
}

function plus(text: string): string {
  return quote(text, " ").replaceAll(" ", "+");
}

/** Escapes all but letters, digits, `_.-~` and the `safe` characters. */
function quote(text: string, safe: string): string {
  return Array.from(text, (character) => {
    if (/[A-Za-z0-9_.~-]/.test(character) || safe.includes(character)) return character;
    return Array.from(new TextEncoder().encode(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(
      "",
    );
  }).join("");
}
