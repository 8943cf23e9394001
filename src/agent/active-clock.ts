// Measures how long a role is active: the time since its start without the time in which it is blocked in reads.

const shortestBlockMs = 20;
const mostBlocks = 50;

/** Runs from its making. Pauses nest: it stands still while at least one is open. */
export class ActiveClock {
  readonly startedMs = Date.now();
  readonly #now: () => number;
  readonly #start: number;
  #open = 0;
  #blockedSince = 0;
  #blockedMs = 0;
  #blockedSinceWallMs = 0;
  /** When it stood still, by the wall clock: the newest stretches that a person could see. */
  readonly blocks: [fromMs: number, toMs: number][] = [];
  #alarm: { atActiveMs: number; ring: () => void; timer?: ReturnType<typeof setTimeout> } | undefined;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#start = now();
  }

  /** Time since the start in which it stood still. */
  blockedMs(): number {
    return this.#blockedMs + (this.#open > 0 ? this.#now() - this.#blockedSince : 0);
  }

  activeMs(): number {
    return this.#now() - this.#start - this.blockedMs();
  }

  /** Stands still until the returned function is called. */
  pause(): () => void {
    this.#open += 1;
    if (this.#open === 1) {
      this.#blockedSince = this.#now();
      this.#blockedSinceWallMs = Date.now();
      clearTimeout(this.#alarm?.timer);
    }
    return () => {
      this.#open -= 1;
      if (this.#open > 0) return;
      this.#blockedMs += this.#now() - this.#blockedSince;
      this.#noteBlock(this.#blockedSinceWallMs, Date.now());
      this.#setTimer();
    };
  }

  #noteBlock(fromMs: number, toMs: number): void {
    if (toMs - fromMs < shortestBlockMs) return;
    this.blocks.push([fromMs, toMs]);
    if (this.blocks.length > mostBlocks) this.blocks.shift();
  }

  /** Calls `ring` when it has been active for `ms` more. The returned function calls it off; there is one alarm at a time. */
  alarmIn(ms: number, ring: () => void): () => void {
    clearTimeout(this.#alarm?.timer);
    const alarm = { atActiveMs: this.activeMs() + ms, ring };
    this.#alarm = alarm;
    this.#setTimer();
    return () => {
      clearTimeout(this.#alarm?.timer);
      this.#alarm = undefined;
    };
  }

  #setTimer(): void {
    const alarm = this.#alarm;
    if (alarm === undefined || this.#open > 0) return;
    // Timers hold at most 2^31 - 1 ms.
    alarm.timer = setTimeout(
      () => {
        if (this.activeMs() < alarm.atActiveMs) return this.#setTimer();
        this.#alarm = undefined;
        alarm.ring();
      },
      Math.min(Math.ceil(alarm.atActiveMs - this.activeMs()), 2 ** 31 - 1),
    );
  }
}
