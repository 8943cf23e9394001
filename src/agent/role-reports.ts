// Reports of roles, for people who look on: sent after whatever a turn of the event loop has to say to roles and coordinator.

/** Calls `send` for each role of which there is news, once a turn, after all else. */
export class RoleReports {
  readonly #news = new Set<string>();
  readonly #send: (role: string) => void;

  constructor(send: (role: string) => void) {
    this.#send = send;
  }

  note(role: string): void {
    if (this.#news.size === 0) setImmediate(() => this.#sendAll());
    this.#news.add(role);
  }

  #sendAll(): void {
    const roles = [...this.#news];
    this.#news.clear();
    roles.forEach(this.#send);
  }
}
