// What etcd's refusals and the network's errors mean to us: each becomes a Failure here, and nowhere else.
import { Failure, messageOf } from "../../model/failure.ts";

// https://grpc.github.io/grpc/core/md_doc_statuscodes.html
const grpc = { canceled: 1, deadlineExceeded: 4, permissionDenied: 7, unavailable: 14 };

/**
 * Classes a gRPC status that is not OK. Codes beyond the common ones: `stale-token` (authenticate again), `compacted`, `no-lease`,
 * `no-quorum` (another member may do better).
 */
export function describeRefusal(status: number, message: string, endpoint: string): Failure {
  const where = `etcd at ${endpoint}`;
  const has = (text: string): boolean => message.includes(text);
  if (has("revision has been compacted")) return new Failure("retry", "compacted", `${where}: ${message}`);
  if (has("requested lease not found")) return new Failure("retry", "no-lease", `${where}: ${message}`);
  if (has("invalid auth token") || has("revision of auth store is old"))
    return new Failure("retry", "stale-token", `${where}: ${message}`);
  if (has("database space exceeded")) {
    const remedy =
      'free space with "etcdctl compact" and "etcdctl defrag", or raise --quota-backend-bytes, then run "etcdctl alarm disarm"';
    return new Failure("retry", "disk-full", `${where}: its store has reached its quota: ${remedy}`);
  }
  if (has("request is too large") || has("message larger than max")) {
    const remedy = "raise the members' --max-request-bytes to 1572864, its default, or more";
    return new Failure("give-up", "too-large", `${where} takes no entry of this size: ${remedy}`);
  }
  if (has("authentication failed"))
    return new Failure("give-up", "unauthorized", `${where} refuses the user or the password: check both in the URL`);
  if (has("user name is empty"))
    return new Failure("give-up", "unauthorized", `${where} asks for a user: etcd://USER:PASSWORD@HOST:PORT/PREFIX`);
  if (status === grpc.permissionDenied || has("permission denied")) {
    const remedy = 'grant it with "etcdctl role grant-permission ROLE --prefix=true readwrite /PREFIX/"';
    return new Failure("give-up", "forbidden", `${where}: the user may not read and write below the prefix: ${remedy}`);
  }
  if (has("no leader") || has("request timed out") || has("unhealthy cluster"))
    return new Failure("retry", "no-quorum", `${where} has no quorum: start more than half of the cluster's members`);
  if (status === grpc.unavailable || status === grpc.canceled || status === grpc.deadlineExceeded || has("too many requests"))
    return new Failure("retry", "unreachable", `${where}: ${message}`);
  return new Failure("give-up", "refused", `${where} refuses: ${message}`);
}

/** Classes an error of the connection: `give-up` where TLS is set up wrong, else `retry`. */
export function describeNetworkError(error: unknown, endpoint: string): Failure {
  const code = (error as { code?: string }).code ?? "";
  const cause = { cause: error };
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    const remedy = "name the file of its certificate authority with ?ca=FILE, and use the name that the certificate has";
    return new Failure("give-up", "tls", `the certificate of etcd at ${endpoint} is not trusted (${code}): ${remedy}`, cause);
  }
  if (code.startsWith("ERR_SSL") || code === "EPROTO") {
    const remedy =
      "write etcd:// where the members have no TLS, and name our certificate with ?cert=FILE&key=FILE where they ask for one";
    return new Failure("give-up", "tls", `etcd at ${endpoint} and we do not agree on TLS: ${remedy}`, cause);
  }
  if (code.startsWith("ERR_HTTP2")) {
    const remedy = "check the port, and write etcds:// where the members have TLS";
    return new Failure("retry", "unreachable", `what listens at ${endpoint} does not speak etcd's protocol: ${remedy}`, cause);
  }
  const remedy = "check the address, and that the member runs";
  return new Failure("retry", "unreachable", `etcd at ${endpoint} cannot be reached: ${messageOf(error)}: ${remedy}`, cause);
}
