// What is open in a YAML text: brackets and quotes, found without reading all of it. Where they begin is what a message about one that is never
// closed should name; and inside them Heat's reader minds no indentation, which ours does.

export interface Open {
  /** Offsets of the brackets and the quote that are open at the end, outermost first. */
  opened: number[];
  /** Offsets of lines that begin inside brackets or quotes. */
  innerLines: number[];
}

/** Finds what is open at the end of `text`, which is a whole file or the beginning of one. */
export function findOpen(text: string): Open {
  const scan = new Scan(text);
  while (!scan.isDone) scan.readLine();
  return { opened: scan.opened, innerLines: scan.innerLines };
}

class Scan {
  readonly opened: number[] = [];
  readonly innerLines: number[] = [];
  readonly #text: string;
  #at = 0;
  /** The column of the key or dash to which what comes next belongs: what is indented more is part of it. */
  #parent = -1;

  constructor(text: string) {
    this.#text = text;
    this.#take(/\ufeff/y);
  }

  get isDone(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Reads one line of block style, with all that begins in it. */
  readLine(): void {
    const start = this.#at;
    if (this.#take(/(?:---|\.\.\.)(?!\S)/y) !== "") this.#parent = -1;
    else if (this.#text[start] === "%") return this.#skipLine();
    for (;;) {
      this.#take(/[ \t]*/y);
      const node = this.#at;
      if (this.#take(/[-?:](?!\S)/y) !== "") {
        this.#parent = node - start;
        continue;
      }
      while (this.#take(/[&!]\S*[ \t]*/y) !== "");
      const character = this.#character();
      if (character === "|" || character === ">") return this.#skipBlockText();
      if (character === "#") return this.#skipLine();
      const isPlain = this.#readNode(character, false);
      this.#take(/[ \t]*/y);
      if (this.#take(/:(?!\S)/y) === "") return isPlain ? this.#skipPlainText() : this.#skipLine();
      this.#parent = node - start;
    }
  }

  // Tells whether it was a plain text.
  #readNode(character: string, isInner: boolean): boolean {
    if (character === '"' || character === "'") this.#readQuoted(character);
    else if (character === "[" || character === "{") this.#readCollection();
    else return this.#readPlain(isInner);
    return false;
  }

  #readQuoted(quote: string): void {
    const start = this.#at;
    for (let end = this.#text.indexOf(quote, start + 1); end >= 0; end = this.#text.indexOf(quote, end + 1)) {
      if (quote === "'" ? this.#text[end + 1] === "'" : this.#isEscaped(end)) {
        if (quote === "'") end++;
        continue;
      }
      this.#at = end + 1;
      this.#noteLines(start, this.#at);
      return;
    }
    this.opened.push(start);
    this.#at = this.#text.length;
  }

  #noteLines(start: number, end: number): void {
    for (const { 0: lineEnd, index } of this.#text.slice(start, end).matchAll(/\r\n?|\n/g))
      this.innerLines.push(start + index + lineEnd.length);
  }

  #isEscaped(offset: number): boolean {
    let before = offset;
    while (this.#text[before - 1] === "\\") before--;
    return (offset - before) % 2 === 1;
  }

  #readCollection(): void {
    do {
      this.#take(/[ \t]*/y);
      const character = this.#character();
      if (this.#take(/\r\n?|\n/y) !== "") this.innerLines.push(this.#at);
      else if (character === "#") this.#take(/[^\r\n]*/y);
      else if (character === '"' || character === "'") this.#readQuoted(character);
      else if (character === "[" || character === "{") this.opened.push(this.#at++);
      else if (character === "]" || character === "}") {
        this.opened.pop();
        this.#at++;
      } else if (this.#take(/[&!*][^\s,[\]{}]*/y) === "" && !this.#readPlain(true)) this.#at++;
    } while (this.opened.length > 0 && !this.isDone);
  }

  // To the end of the line at most.
  #readPlain(isInner: boolean): boolean {
    const start = this.#at;
    const stop = isInner ? /:(?=[\s,[\]{}]|$)|[ \t]#|[\r\n,[\]{}]/g : /:(?=\s|$)|[ \t]#|[\r\n]/g;
    stop.lastIndex = start;
    this.#at = stop.exec(this.#text)?.index ?? this.#text.length;
    return this.#at > start;
  }

  // A plain text goes on in all lines that are indented more than what it belongs to, up to a comment.
  #skipPlainText(): void {
    while (this.#character() !== "#") {
      this.#skipLine();
      if (!this.#isInside()) return;
      this.#readPlain(false);
      this.#take(/[ \t]*/y);
    }
    this.#skipLine();
  }

  #skipBlockText(): void {
    do this.#skipLine();
    while (this.#isInside());
  }

  // Whether the line is empty or indented more than what the text belongs to.
  #isInside(): boolean {
    if (this.isDone) return false;
    const indent = /[ \t]*/y;
    indent.lastIndex = this.#at;
    const column = indent.exec(this.#text)?.[0].length ?? 0;
    return column > this.#parent || /^[\r\n]?$/.test(this.#text[this.#at + column] ?? "");
  }

  #skipLine(): void {
    this.#take(/[^\r\n]*/y);
    this.#take(/\r\n?|\n/y);
  }

  #character(): string {
    return this.#text[this.#at] ?? "";
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ""] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
