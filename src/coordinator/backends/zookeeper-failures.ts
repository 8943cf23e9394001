// What ZooKeeper's errors mean to us, and what to do about them. Source: KeeperException.Code of Apache ZooKeeper.
import { Failure } from "../../model/failure.ts";

/** The codes that the verbs look at. */
export const errorCodes = {
  unimplemented: -6,
  noNode: -101,
  noAuth: -102,
  badVersion: -103,
  nodeExists: -110,
  invalidAcl: -114,
  authFailed: -115,
  notReadOnly: -119,
  quotaExceeded: -125,
} as const;

// System error, connection lost, time-outs, session expired or moved, throttled: what passes.
const passing = new Set([-1, -4, -7, -112, -118, -122, -127]);

// Errors of a TLS handshake that no other attempt mends.
const certificateError = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|ERR_SSL_)/;

/** An answer with an error; `code` is ZooKeeper's. Never leaves the back end. */
export class ZookeeperError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`ZooKeeper error ${code}`);
    this.code = code;
  }
}

/** Tells whether `error` is ZooKeeper's answer with this code. */
export function hasCode(error: unknown, code: number): boolean {
  return error instanceof ZookeeperError && error.code === code;
}

/** Turns ZooKeeper's answer into a Failure for `what` (a path); anything else stays what it is. */
export function describeError(error: unknown, what: string): unknown {
  if (!(error instanceof ZookeeperError)) return error;
  const cause = { cause: error };
  switch (error.code) {
    case errorCodes.noAuth:
    case errorCodes.authFailed:
    case errorCodes.invalidAcl:
      return new Failure(
        "give-up",
        "unauthorized",
        `ZooKeeper does not let us use ${what}: check user and password in the coordinator's URL (zookeeper://USER:PASSWORD@...), or the node's access list (getAcl)`,
        cause,
      );
    case errorCodes.notReadOnly:
      return new Failure(
        "retry",
        "read-only",
        `the ZooKeeper server is read-only, cut off from its quorum: start the other members, or mend their network`,
        cause,
      );
    case errorCodes.quotaExceeded:
      return new Failure(
        "give-up",
        "quota",
        `the ZooKeeper quota of ${what} is used up: raise it (setquota), or remove old stacks`,
        cause,
      );
    default:
      return new Failure(
        passing.has(error.code) ? "retry" : "give-up",
        "zookeeper",
        `ZooKeeper answers with error ${error.code} for ${what}: see the server's log`,
        cause,
      );
  }
}

/** The Failure for a certificate of `member` that is not trusted; undefined for any other error of a connection. */
export function describeCertificateError(member: string, error: NodeJS.ErrnoException): Failure | undefined {
  if (!certificateError.test(error.code ?? "")) return undefined;
  const advice =
    "give the authority's certificate with ?ca=FILE or NODE_EXTRA_CA_CERTS, and use the names that the certificate has";
  return new Failure("give-up", "tls", `the TLS certificate of ${member} is not trusted (${error.message}): ${advice}`, {
    cause: error,
  });
}
