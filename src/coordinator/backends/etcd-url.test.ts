import { expect, test } from "vitest";
import { type EtcdAddress, parseEtcdUrl } from "./etcd-url.ts";

test.for<[string, Partial<EtcdAddress>]>([
  ["etcd://10.0.0.1:2379/weft", { endpoints: ["http://10.0.0.1:2379"], root: "/weft/", tls: {} }],
  ["etcd://a,b:4001,[::1]:2379/x/y/", { endpoints: ["http://a:2379", "http://b:4001", "http://[::1]:2379"], root: "/x/y/" }],
  ["etcd://a", { root: "/weft/" }],
  ["etcds://a/", { endpoints: ["https://a:2379"], root: "/weft/" }],
  ["etcd://me:p%40ss:word@a/x", { user: { name: "me", password: "p@ss:word" }, endpoints: ["http://a:2379"] }],
])("%s is understood", ([url, address]) => {
  expect(parseEtcdUrl(url)).toMatchObject(address);
});

test.for([
  ["etcd:a", "must look like"],
  ["etcd:///x", "must look like"],
  ["etcd://a:b/x", '"a:b" is no HOST:PORT'],
  ["etcd://a,/x", '"" is no HOST:PORT'],
  ["etcd://secret@a/x", "a user needs a password"],
  ["etcd://me:secret%@a/x", "%25"],
  ["etcd://a/x?ca=/not/there", "its ca cannot be read"],
  ["etcd://a/x?cert=/dev/null", "cert and key go together"],
  ["etcd://a/x?secret=1", "?secret= is not known"],
])("%s is refused", ([url, message]) => {
  expect(() => parseEtcdUrl(url as string)).toThrow(message);
});

test("a refused URL's password is not told", () => {
  expect(() => parseEtcdUrl("etcd://me:secret@a:b:c/x")).toThrow(/^(?!.*secret)/);
});
