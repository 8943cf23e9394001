// What the page knows and shows: one state, changed by functions here, at most one new one each animation frame.
import { type Profiles, profilesOf } from "../monitor/estimate.ts";
import { emptyPicture, type Picture, type StackEvent, type StackStatus, updateAll, updatePicture } from "../monitor/picture.ts";
import { parseRecording, type RecordedEvent } from "../monitor/recording.ts";
import type { RoleState } from "../model/status.ts";
import { type Access, askEarlier, follow, Refused } from "./connect.ts";

export type Connection = "none" | "connecting" | "live" | "lost" | "replay";

export interface PageState {
  connection: Connection;
  /** Why the login was refused, or the recording could not be read. */
  trouble: string | undefined;
  stack: string;
  generation: string;
  access: Access | undefined;
  picture: Picture;
  usual: Profiles;
  selected: string | undefined;
  search: string;
  /** Only roles in these states; all where it is empty. */
  states: ReadonlySet<RoleState>;
  replay: Replay | undefined;
}

/** A recording as it is played: `nowMs` is its own clock. */
export interface Replay {
  fromMs: number;
  toMs: number;
  nowMs: number;
  speed: number;
  playing: boolean;
}

const initial: PageState = {
  connection: "none",
  trouble: undefined,
  stack: "",
  generation: "",
  access: undefined,
  picture: emptyPicture,
  usual: {},
  selected: undefined,
  search: "",
  states: new Set(),
  replay: undefined,
};

/** The one store of a page. */
export class Store {
  #state = initial;
  readonly #listeners = new Set<() => void>();
  #pending: StackEvent[] = [];
  #isDue = false;
  #stop = new AbortController();
  #recording: RecordedEvent[] = [];
  #tick: ReturnType<typeof setInterval> | undefined;

  get state(): PageState {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  change(part: Partial<PageState>): void {
    this.#state = { ...this.#state, ...part };
    for (const listener of this.#listeners) listener();
  }

  /** What time it is for what is shown: the wall clock, or that of the recorded run. */
  nowMs(): number {
    return this.#state.replay?.nowMs ?? Date.now();
  }

  /** Connects to the hub, and stays connected. */
  async connect(access: Access): Promise<void> {
    this.#leave();
    const { signal } = this.#stop;
    this.change({ ...initial, connection: "connecting", access, stack: access.stack });
    askEarlier(access).then(
      (status) => status !== undefined && !signal.aborted && this.change({ usual: usualOf(status) }),
      // Only estimates are lost with it.
      () => undefined,
    );
    try {
      await follow(
        access,
        (events) => this.#take(events),
        (connection) => this.change({ connection }),
        signal,
      );
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      this.change({ ...initial, stack: access.stack, trouble: error.message });
    }
  }

  #leave(): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#pending = [];
    clearInterval(this.#tick);
  }

  // Sixty changes a second and a thousand vms: what comes between two frames is taken at once.
  #take(events: StackEvent[]): void {
    this.#pending.push(...events);
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      const news = this.#pending.splice(0);
      const snapshot = news.findLast((event) => event.type === "snapshot");
      this.change({
        picture: updateAll(this.#state.picture, news),
        ...(snapshot === undefined ? {} : { generation: snapshot.status.generation }),
      });
    });
  }

  /** Plays what `weft events --json` or `weft up --record` has written. */
  openRecording(name: string, text: string): void {
    let events: RecordedEvent[];
    try {
      events = parseRecording(text);
    } catch (error) {
      this.change({ trouble: `${name}: ${error instanceof Error ? error.message : String(error)}` });
      return;
    }
    const [first] = events;
    const last = events.at(-1);
    if (first === undefined || last === undefined) return this.change({ trouble: `${name} holds no events` });
    this.#leave();
    this.#recording = events;
    const replay = { fromMs: first.atMs, toMs: last.atMs, nowMs: first.atMs, speed: 1, playing: true };
    const whole = updateAll(
      emptyPicture,
      events.map(({ event }) => event),
    );
    this.change({ ...initial, connection: "replay", stack: name, usual: profilesOf(whole), replay });
    this.seek(first.atMs);
    this.#tick = setInterval(() => this.#playOn(100), 100);
  }

  /** Shows the recorded run as it was at `nowMs`. */
  seek(nowMs: number): void {
    const { replay } = this.#state;
    if (replay === undefined) return;
    const seen = this.#recording.filter(({ atMs }) => atMs <= nowMs).map(({ event }) => event);
    this.change({ picture: updateAll(emptyPicture, seen), replay: { ...replay, nowMs } });
  }

  play(part: Partial<Pick<Replay, "playing" | "speed">>): void {
    const { replay } = this.#state;
    if (replay !== undefined) this.change({ replay: { ...replay, ...part } });
  }

  #playOn(passedMs: number): void {
    const { replay, picture } = this.#state;
    if (replay === undefined || !replay.playing) return;
    const nowMs = Math.min(replay.toMs, replay.nowMs + passedMs * replay.speed);
    const news = this.#recording.filter(({ atMs }) => atMs > replay.nowMs && atMs <= nowMs).map(({ event }) => event);
    this.change({ picture: updateAll(picture, news), replay: { ...replay, nowMs, playing: nowMs < replay.toMs } });
  }
}

function usualOf(status: StackStatus): Profiles {
  return profilesOf(updatePicture(emptyPicture, { type: "snapshot", status }));
}
