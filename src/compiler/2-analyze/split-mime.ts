// Takes a MIME text of user_data apart. Only what cloud-init and Heat both understand: one level of text parts.

export interface MimePart {
  /** `text/x-shellscript` */
  type: string;
  encoding: string;
  filename?: string;
  text: string;
}

/** Tells whether cloud-init takes the text for a MIME message; the start of the text is enough. */
export function isMime(start: string): boolean {
  return /^(?:[A-Za-z-]+:.*\r?\n(?:[ \t].*\r?\n)*)*?(?:content-type:\s*multipart\/|mime-version:)/i.test(start);
}

/** Returns the parts of a MIME message; undefined for one without a boundary. */
export function splitMime(text: string): MimePart[] | undefined {
  const { headers, body } = splitHead(text.replaceAll("\r\n", "\n"));
  const boundary = parameterOf(headers["content-type"] ?? "", "boundary");
  if (boundary === undefined) return undefined;
  const [, ...sections] = `\n${body}`.split(`\n--${boundary}`);
  const parts: MimePart[] = [];
  for (const section of sections) {
    if (section.startsWith("--")) break;
    const part = splitHead(section.replace(/^[ \t]*\n/, ""));
    const type = part.headers["content-type"] ?? "text/plain";
    const disposition = part.headers["content-disposition"] ?? "";
    const filename = parameterOf(disposition, "filename") ?? parameterOf(type, "name");
    parts.push({
      type: (type.split(";")[0] ?? "").trim().toLowerCase(),
      encoding: (part.headers["content-transfer-encoding"] ?? "7bit").trim().toLowerCase(),
      ...(filename === undefined ? {} : { filename }),
      text: part.body,
    });
  }
  return parts;
}

function splitHead(text: string): { headers: Record<string, string>; body: string } {
  const end = text.startsWith("\n") ? 0 : text.indexOf("\n\n");
  const head = end < 0 ? text : text.slice(0, end);
  const headers: Record<string, string> = {};
  for (const line of head.replace(/\n[ \t]+/g, " ").split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, body: end < 0 ? "" : text.slice(end === 0 ? 1 : end + 2) };
}

function parameterOf(header: string, name: string): string | undefined {
  const match = new RegExp(`[;\\s]${name}="?([^";\\n]*)"?`, "i").exec(header);
  return match?.[1] || undefined;
}
