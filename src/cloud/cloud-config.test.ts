import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findCloud } from "./cloud-config.ts";

/** An environment whose clouds.yaml (and secure.yaml) have this content. */
function environment(clouds: string, secure?: string): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "weft-clouds-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "clouds.yaml"), clouds);
  writeFileSync(join(folder, "secure.yaml"), secure ?? "{}");
  const empty = { HOME: folder, XDG_CONFIG_HOME: folder };
  return { ...empty, OS_CLIENT_CONFIG_FILE: join(folder, "clouds.yaml"), OS_CLIENT_SECURE_FILE: join(folder, "secure.yaml") };
}

const two = `clouds:
  home: {auth: {auth_url: http://home/v3, username: ann, project_name: p}, region_name: North}
  work: {auth: {auth_url: http://work, username: bob, password: w, project_id: "42"}, regions: [{name: East}, West], verify: false}
`;

test("a cloud is chosen by name, its secrets come from secure.yaml, its first region is meant", () => {
  const env = environment(two, "clouds: {home: {auth: {password: hidden}}}");
  expect(findCloud({ ...env, OS_CLOUD: "home" })).toMatchObject({
    authUrl: "http://home/v3",
    auth: { username: "ann", password: "hidden", project_name: "p", user_domain_id: "default", project_domain_id: "default" },
    region: "North",
    interface: "public",
    verify: true,
  });
  expect(findCloud(env, "work")).toMatchObject({ auth: { project_id: "42" }, region: "East", verify: false });
});

test("variables win over the file, as in the openstack client", () => {
  const env = { ...environment(two), OS_CLOUD: "work", OS_USERNAME: "eve", OS_REGION_NAME: "West", OS_INTERFACE: "internalURL" };
  expect(findCloud(env)).toMatchObject({ auth: { username: "eve", password: "w" }, region: "West", interface: "internal" });
});

test("variables alone describe a cloud, and a domain that is named once is the user's and the project's", () => {
  const own = { OS_AUTH_URL: "http://k:5000", OS_USERNAME: "u", OS_PASSWORD: "p", OS_TENANT_NAME: "t", OS_DOMAIN_NAME: "D" };
  expect(findCloud({ ...environment(two), ...own, OS_CACERT: "/ca.pem" })).toMatchObject({
    source: "the OS_* variables",
    auth: { project_name: "t", user_domain_name: "D", project_domain_name: "D" },
    cacert: "/ca.pem",
  });
});

test("the only cloud of a file need not be named; of several one must be", () => {
  expect(findCloud(environment("clouds: {one: {auth: {auth_url: http://one}}}")).authUrl).toBe("http://one");
  expect(() => findCloud(environment(two))).toThrow(/OS_CLOUD is not set and .* describes several/);
  expect(() => findCloud(environment(two), "none")).toThrow(/there is no cloud "none" in .*\nhint: there are home, work/);
  expect(() => findCloud(environment("clouds: {one: {profile: vexxhost}}"))).toThrow(
    /has no auth_url; weft does not know the profile/,
  );
});
