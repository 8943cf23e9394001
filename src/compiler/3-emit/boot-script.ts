// The one part that weft adds to a vm's user_data: a POSIX shell script that cloud-init runs after the user's own parts. It writes who the vm
// is, and starts a service that fetches the agent and becomes it; cloud-init does not wait for that.
import { deploymentPath, identityPath } from "../../model/vm-identity.ts";

/** cloud-init runs scripts in the order of their names, which hold letters, digits and `_-.()` only. */
export const bootFileName = "zzzz-weft";

/** Where it looks for the agent: one base URL a line. */
const sourcesPath = "/etc/weft/sources";

/** Digests of the programs that a vm may run as its agent. */
export interface ProgramDigests {
  /** Of dist/agent.cjs. */
  agent: string;
  /** Of dist/hub.mjs, and of dist/page.html beside it. */
  hub: string;
  page: string;
  /** Of the Node executable for vms that have none, by architecture. */
  runtime: Record<string, string>;
}

/** A script with holes; `identity`, a JSON text in one line, `sources` and `deployment` go into them. */
export interface BootPieces<Piece> {
  identity: Piece;
  /** Lines. */
  sources: Piece;
  /** Where no carrier brings it: a JSON text in one line, or that as gzip in base64. */
  deployment?: { plain: Piece } | { packed: Piece };
}

// What is fetched must have the pinned digest, so it does not matter from whom it comes: certificates are not looked at. Without a way to
// fetch anything there is nothing but to say so, again and again.
const bringFunctions = String.raw`#!/bin/sh
cd /opt/weft || exit 1
said=0
say() {
  now=$(date +%s)
  [ $((now - said)) -lt 30 ] && return
  said=$now
  echo "weft: $*" >&2
  { echo "weft: $*" >/dev/console; } 2>/dev/null
}
digest() {
  if command -v sha256sum >/dev/null; then sha256sum "$1" | cut -d ' ' -f 1
  else python3 -c 'import hashlib,sys; print(hashlib.sha256(open(sys.argv[1],"rb").read()).hexdigest())' "$1"; fi
}
get() {
  if command -v curl >/dev/null; then curl -fsSk --connect-timeout 5 -o "$2" "$1" 2>&1
  elif command -v wget >/dev/null; then wget -nv --no-check-certificate -T 5 -t 1 -O "$2" "$1" 2>&1
  else python3 -c 'import shutil,ssl,sys,urllib.request as u
shutil.copyfileobj(u.urlopen(sys.argv[1],timeout=5,context=ssl._create_unverified_context()),open(sys.argv[2],"wb"))' "$1" "$2" 2>&1 | tail -n 1; fi
}
bring() {
  while ! { [ -f "$1" ] && [ "$(digest "$1")" = "$2" ]; }; do
    while read -r base; do
      why=$(get "$base/$1" "$1.part")
      [ -s "$1.part" ] && [ "$(digest "$1.part")" = "$2" ] && mv "$1.part" "$1" && break
      [ -s "$1.part" ] && why="what came has another SHA-256 than $2"
      rm -f "$1.part"
      say "cannot fetch $base/$1: $why"
    done <${sourcesPath}
    [ -f "$1" ] || sleep 1
  done
}
`;

/** Returns the script as a list of texts and pieces. */
export function bootScript<Piece>(pieces: BootPieces<Piece>, digests: ProgramDigests): (string | Piece)[] {
  const put = (head: string, piece: Piece): (string | Piece)[] => [`${head}\n`, piece, "\nWEFT-END\n"];
  const file = (path: string, piece: Piece): (string | Piece)[] => put(`cat > ${path} <<'WEFT-END'`, piece);
  const { deployment } = pieces;
  return [
    "#!/bin/sh\n# From here on weft's: who this vm is, and the service that fetches and runs its agent.\numask 077\n",
    "mkdir -p /etc/weft /opt/weft /var/lib/weft\nchmod 600 /var/lib/cloud/data/cfn-init-data 2>/dev/null\n",
    ...file(identityPath, pieces.identity),
    ...file(sourcesPath, pieces.sources),
    ...(deployment === undefined
      ? []
      : "plain" in deployment
        ? file(deploymentPath, deployment.plain)
        : put(`base64 -d <<'WEFT-END' | gzip -d > ${deploymentPath}`, deployment.packed)),
    installScript("weft-agent", startScript(digests)),
  ];
}

/** What a hub's vm is told; each may be a piece. */
export interface HubPieces<Piece> {
  tokenKey: Piece;
  /** A line: where its programs are. */
  source: Piece;
  /** PEM texts; plain HTTP without. */
  tls?: { cert: Piece; key: Piece };
}

export const hubPort = 8470;

/** The script that makes a vm a hub, as a list of texts and pieces. It is user_data by itself. */
export function hubScript<Piece>({ tokenKey, source, tls }: HubPieces<Piece>, digests: ProgramDigests): (string | Piece)[] {
  const file = (path: string, piece: Piece): (string | Piece)[] => [`cat > ${path} <<'WEFT-END'\n`, piece, "\nWEFT-END\n"];
  const [arch = "x64", runtime = ""] = Object.entries(digests.runtime)[0] ?? [];
  const start = String.raw`${bringFunctions}bring hub.mjs ${digests.hub}
bring page.html ${digests.page}
bring agent.cjs ${digests.agent}
bring node-linux-${arch} ${runtime}
chmod 700 node-linux-${arch}
WEFT_TOKEN_KEY=$(cat /etc/weft/token-key)
export WEFT_TOKEN_KEY
exec ./node-linux-${arch} hub.mjs --listen 0.0.0.0:${hubPort} --coordinator embedded:/var/lib/weft/hub${tls === undefined ? "" : " --tls-cert /etc/weft/hub.crt --tls-key /etc/weft/hub.key"}
`;
  return [
    "#!/bin/sh\n# Makes this vm a hub of weft.\numask 077\nmkdir -p /etc/weft /opt/weft /var/lib/weft\n",
    ...file("/etc/weft/token-key", tokenKey),
    ...file(sourcesPath, source),
    ...(tls === undefined ? [] : [...file("/etc/weft/hub.crt", tls.cert), ...file("/etc/weft/hub.key", tls.key)]),
    installScript("weft-hub", start),
  ];
}

// Becomes the agent, on the vm's own Node if that is new enough.
function startScript({ agent, runtime }: ProgramDigests): string {
  const runtimes = Object.entries(runtime).map(([arch, digest]) => `${machineOf(arch)}) bring node-linux-${arch} ${digest};;`);
  return String.raw`${bringFunctions}bring agent.cjs ${agent}
node=node
case $(node --version 2>/dev/null) in
  v18.*|v19.*|v[2-9]?.*) ;;
  *)
    case $(uname -m) in
      ${runtimes.join("\n      ")}
      *) say "no Node 18 or newer here, and none to fetch for $(uname -m)"; exit 1;;
    esac
    node=$(echo /opt/weft/node-linux-*)
    chmod 700 "$node";;
esac
exec "$node" agent.cjs --vm ${identityPath}
`;
}

function machineOf(arch: string): string {
  return arch === "x64" ? "x86_64" : arch;
}

// What roles leave running belongs to the vm, so ending the service ends the agent alone.
function installScript(service: string, start: string): string {
  return String.raw`cat > /opt/weft/start <<'WEFT-END'
${start}WEFT-END
chmod 700 /opt/weft/start
if [ -d /run/systemd/system ]; then
  cat > /etc/systemd/system/${service}.service <<'WEFT-END'
[Unit]
Description=${service}
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/opt/weft/start
Restart=always
RestartSec=1
KillMode=process
StandardError=journal+console
[Install]
WantedBy=multi-user.target
WEFT-END
  mkdir -p /etc/systemd/system/multi-user.target.wants
  ln -sf ../${service}.service /etc/systemd/system/multi-user.target.wants/
  systemctl start --no-block ${service}.service
else
  mkdir -p /var/lib/cloud/scripts/per-boot
  cat > /var/lib/cloud/scripts/per-boot/weft <<'WEFT-END'
#!/bin/sh
setsid sh -c 'while :; do /opt/weft/start; sleep 1; done' </dev/null >>/var/log/${service}.log 2>&1 &
WEFT-END
  chmod 700 /var/lib/cloud/scripts/per-boot/weft
  /var/lib/cloud/scripts/per-boot/weft
fi
exit 0
`;
}
