// Output of a command that ends at once. The streams of `process` take longer to make than a small template takes to be checked.
import { writeSync } from "node:fs";

const pauseMs = 5;

/** Writes a text to standard output (1) or standard error (2). A reader that has gone is no error. */
export function print(to: 1 | 2, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(to, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE" || code === "EIO") return;
      if (code !== "EAGAIN") throw error;
      // A terminal or a pipe that takes no more just now.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}
