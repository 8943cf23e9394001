// A certificate for a hub, signed by itself: written out in DER (X.509, RFC 5280), since Node makes keys and signatures but no certificates.
import { generateKeyPairSync, randomBytes, sign, X509Certificate } from "node:crypto";
import { isIPv4 } from "node:net";

export interface TlsFiles {
  /** PEM texts. */
  cert: string;
  key: string;
}

// What is trusted is the fingerprint: the dates only have to hold for whatever the clocks of vms say.
const validFrom = "200101000000Z";
const validTo = "491231235959Z";

const tags = { integer: 2, bits: 3, octets: 4, objectId: 6, text: 12, utcTime: 23, sequence: 0x30, set: 0x31 } as const;

const ecdsaWithSha256 = sequence(der(tags.objectId, Buffer.from("2a8648ce3d040302", "hex")));
const commonName = der(tags.objectId, Buffer.from("550403", "hex"));
const subjectAltName = der(tags.objectId, Buffer.from("551d11", "hex"));

/** Makes a key (P-256) and its self-signed certificate, which names `hosts` (DNS names and IPv4 addresses). */
export function makeSelfSigned(hosts: string[]): TlsFiles {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serial = randomBytes(16);
  // A positive number without leading zeros.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40;
  const name = sequence(der(tags.set, sequence(commonName, der(tags.text, Buffer.from("weft hub")))));
  const body = sequence(
    der(0xa0, der(tags.integer, Buffer.from([2]))),
    der(tags.integer, serial),
    ecdsaWithSha256,
    name,
    sequence(der(tags.utcTime, Buffer.from(validFrom)), der(tags.utcTime, Buffer.from(validTo))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(subjectAltName, der(tags.octets, sequence(...hosts.map(alternativeName)))))),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", body, privateKey)]);
  const certificate = sequence(body, ecdsaWithSha256, der(tags.bits, signature));
  return {
    cert: new X509Certificate(certificate).toString(),
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

function alternativeName(host: string): Buffer {
  return isIPv4(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(tags.sequence, ...parts);
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header = length < 128 ? [tag, length] : length < 256 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), content]);
}
