// A run on a terminal: one frame, drawn over itself.
import { styleText } from "node:util";
import type { Profiles } from "../monitor/estimate.ts";
import { emptyPicture } from "../monitor/picture.ts";
import { drawFrame, type Line } from "./draw-frame.ts";
import { summarizeRun } from "./run-summary.ts";
import type { RunView, Style } from "./run-view.ts";

/** Tells whether what is written there can be drawn over. */
export function isLiveTerminal(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && process.env["TERM"] !== "dumb";
}

/**
 * Draws frames on a terminal, each in the place of the one before, whatever the terminal's width has become. `whole`: on the terminal's other
 * screen until it is closed, so that a terminal that shrinks leaves nothing of a frame among the lines that were there before.
 */
export class Screen {
  readonly #terminal: NodeJS.WriteStream;
  #isWhole: boolean;
  #drawn: string[] = [];

  constructor(terminal: NodeJS.WriteStream, kind: "whole" | "inline" = "inline") {
    this.#terminal = terminal;
    this.#isWhole = kind === "whole";
    if (this.#isWhole) terminal.write("\x1b[?1049h\x1b[?25l");
  }

  /** Goes back to the terminal's own lines; the next frame comes below them. */
  close(): void {
    if (this.#isWhole) this.#terminal.write("\x1b[?25h\x1b[?1049l");
    this.#isWhole = false;
    this.#drawn = [];
  }

  /** Room for a frame. */
  get size(): { columns: number; rows: number } {
    return { columns: this.#terminal.columns ?? 80, rows: Math.max(3, (this.#terminal.rows ?? 24) - 1) };
  }

  draw(lines: Line[]): void {
    const painted = lines.map((line) =>
      line.map(({ text, style }) => (style === undefined ? text : this.paint(style, text))).join(""),
    );
    // Line by line, and shown at once where the terminal knows how: nothing flickers.
    this.#terminal.write(`\x1b[?2026h${this.#home()}${painted.map((text) => `${text}\x1b[K\n`).join("")}\x1b[J\x1b[?2026l`);
    this.#drawn = lines.map((line) => line.map(({ text }) => text).join(""));
  }

  /** Puts text where the frame was; the next frame comes below it. */
  print(text: string): void {
    this.#terminal.write(`${this.#home()}\x1b[J${text}`);
    this.#drawn = [];
  }

  paint(style: Style, text: string): string {
    return this.#terminal.hasColors() ? styleText(style, text) : text;
  }

  // A terminal that has become narrower has broken our lines.
  #home(): string {
    if (this.#isWhole) return "\x1b[H";
    const { columns } = this.size;
    const rows = this.#drawn.reduce((sum, text) => sum + Math.max(1, Math.ceil(text.length / columns)), 0);
    return rows > 0 ? `\x1b[${rows}A\r` : "";
  }
}

/** One line a role, by vm; `roles` are all that will be, in the order to show. */
export function liveView(roles: string[], usual: Profiles, terminal: NodeJS.WriteStream): RunView {
  const screen = new Screen(terminal);
  const startMs = Date.now();
  let picture = emptyPicture;
  let isNew = true;
  let drawnMs = 0;
  let ended = false;
  const draw = (rows = screen.size.rows): void => {
    isNew = false;
    drawnMs = Date.now();
    screen.draw(drawFrame({ roles, picture, usual, startMs, nowMs: drawnMs, columns: screen.size.columns, rows }));
  };
  // Running times go on even when nothing happens.
  const timer = setInterval(() => (isNew || Date.now() - drawnMs >= 1000) && draw(), 100).unref();
  const onResize = (): void => draw();
  terminal.on("resize", onResize);
  return {
    page(url) {
      screen.print(`${screen.paint("gray", `to look on: ${url}`)}\n`);
    },
    role(_, now) {
      picture = now;
      isNew = true;
    },
    note(text) {
      if (ended) return void terminal.write(`${text}\n`);
      screen.print(`${text}\n`);
      draw();
    },
    done(result) {
      clearInterval(timer);
      terminal.off("resize", onResize);
      ended = true;
      picture = result.picture;
      draw(roles.length + 1);
      terminal.write(summarizeRun(result, (style, text) => screen.paint(style, text)));
    },
  };
}
