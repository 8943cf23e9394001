// The certificate of `weft hub`: given as files, or made once and kept, since agents pin its fingerprint.
import { X509Certificate } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { makeSelfSigned, type TlsFiles } from "../hub/self-signed.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { UsageError } from "./command.ts";

export interface TlsFlags {
  tls?: string | undefined;
  "tls-cert"?: string | undefined;
  "tls-key"?: string | undefined;
}

/** Reads (or makes) what the flags name; undefined for plain HTTP. Fails `give-up` with code `tls` for files that cannot be used. */
export function findTlsFiles(flags: TlsFlags, listenHost: string): (TlsFiles & { fingerprint: string }) | undefined {
  const isSelfSigned = flags.tls === "self-signed";
  if (flags.tls !== undefined && !isSelfSigned) throw new UsageError(`--tls ${flags.tls} is not known: --tls self-signed`);
  if ((flags["tls-cert"] === undefined) !== (flags["tls-key"] === undefined))
    throw new UsageError("--tls-cert and --tls-key belong together");
  if (!isSelfSigned && flags["tls-cert"] === undefined) return undefined;
  const { "tls-cert": certFile = "weft-hub.crt", "tls-key": keyFile = "weft-hub.key" } = flags;
  try {
    if (isSelfSigned && !existsSync(certFile) && !existsSync(keyFile)) {
      const made = makeSelfSigned([...new Set(["localhost", hostname(), "127.0.0.1", listenHost])]);
      writeFileSync(keyFile, made.key, { mode: 0o600, flag: "wx" });
      writeFileSync(certFile, made.cert, { flag: "wx" });
    }
    const [cert, key] = [readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8")];
    return { cert, key, fingerprint: new X509Certificate(cert).fingerprint256 };
  } catch (error) {
    const message = `the certificate ${certFile} or its key ${keyFile} cannot be used: ${messageOf(error)}`;
    throw new Failure("give-up", "tls", message, { cause: error });
  }
}
