// A small Nova, Glance and Neutron for the real Heat engine to talk to: only what it asks for, and a record of every server. With `boot`
// each server is a real machine; without, it is taken to be ACTIVE at once.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Server } from "node:net";
import { json } from "node:stream/consumers";
import { Neutron } from "./cloud-neutron.ts";
import { Nova } from "./cloud-nova.ts";

/** A server as Heat has asked for it. */
export interface CloudServer {
  id: string;
  name: string;
  /** What Heat has sent, decoded. */
  userData: Buffer;
  metadata: Record<string, string>;
  /** Its address in the first of its networks, and that of its card there. */
  address: string;
  mac: string;
  status: "BUILD" | "ACTIVE" | "ERROR";
  /** Set once it has booted. */
  machine?: CloudMachine;
}

/** What a server is made of; disposing of it is the end of the server. */
export interface CloudMachine extends AsyncDisposable {
  /** As by `openstack server reboot --hard`. */
  reboot(): Promise<void>;
}

export interface CloudOptions {
  /** Makes a machine of a server; it is BUILD until this resolves, and ERROR when it rejects. */
  boot?: (server: CloudServer) => Promise<CloudMachine>;
  /** The first three numbers of the addresses that servers get. */
  subnet?: string;
}

export interface CloudStub extends AsyncDisposable {
  /** The servers that there are, oldest first. */
  readonly servers: CloudServer[];
  /** The server of a resource: Heat names it STACK-RESOURCE-random, a member of a group STACK-GROUP-random-INDEX-random. */
  find(pattern: RegExp): CloudServer;
  /** How many servers were ever asked for. */
  readonly created: number;
}

/** What a part of the stub answers: a status and a document. */
export type Reply = [number, unknown?];

export interface Question {
  method: string;
  /** Without the part's own name. */
  path: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
}

/** Opens the stub, which calls itself `url`, on a socket that listens there. */
export async function openCloud(url: string, socket: Server, options: CloudOptions): Promise<CloudStub> {
  const neutron = new Neutron(url, options.subnet ?? "10.77.0");
  const nova = new Nova(url, neutron, options.boot);
  const parts: Record<string, (question: Question) => Reply | Promise<Reply>> = {
    compute: (question) => nova.answer(question),
    network: (question) => neutron.answer(question),
    image: (question) => answerGlance(url, question),
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const [part = "", ...path] = pathname.split("/").filter((name) => name !== "");
    const hasBody = Number(request.headers["content-length"] ?? 0) > 0;
    const body = hasBody ? ((await json(request)) as Question["body"]) : {};
    const reply = await parts[part]?.({ method: request.method ?? "GET", path, query: searchParams, body });
    const [status, document] = reply ?? [404];
    const text = JSON.stringify(status >= 400 ? { error: { code: status, message: document ?? "not found" } } : document);
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.listen(socket);
  await once(server, "listening");
  return {
    get servers() {
      return nova.servers;
    },
    get created() {
      return nova.created;
    },
    find(pattern) {
      const found = nova.servers.filter(({ name }) => pattern.test(name));
      if (found.length !== 1)
        throw new Error(`${pattern} means ${found.length} of ${nova.servers.map(({ name }) => name).join(", ")}`);
      return found[0] as CloudServer;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await nova.end();
    },
  };
}

const imageNames = ["debian-12", "cirros"];

function answerGlance(url: string, { path, query }: Question): Reply {
  const images = imageNames.map((name, index) => ({
    id: `00000000-0000-4000-8000-00000000000${index}`,
    name,
    status: "active",
    visibility: "public",
    min_ram: 0,
    min_disk: 0,
    size: 1,
    tags: [],
    schema: "/v2/schemas/image",
  }));
  if (path.length === 0)
    return [300, { versions: [{ id: "v2.15", status: "CURRENT", links: [{ rel: "self", href: `${url}/image/v2/` }] }] }];
  if (path[1] === "schemas") return [200, { name: "image", properties: {}, links: [] }];
  if (path[1] !== "images") return [404];
  if (path[2] === undefined) {
    const wanted = query.get("name");
    return [200, { images: images.filter(({ name }) => wanted === null || name === wanted), schema: "/v2/schemas/images" }];
  }
  const image = images.find(({ id }) => id === path[2]);
  return image === undefined ? [404] : [200, image];
}
