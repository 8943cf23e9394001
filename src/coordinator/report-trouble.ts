// Tells people what ails a coordinator: programs above it only wait and try again, and would do so in silence.
import { Failure } from "../model/failure.ts";
import type { Coordinator } from "./coordinator.ts";

// What a caller has brought on itself, and is told.
const ofTheCaller = new Set(["too-large", "closed"]);

/**
 * Returns `coordinator` with its trouble told to `say`: why a verb has failed, once for each reason in a row, and that it goes on when a
 * verb succeeds again.
 */
export function reportTrouble(coordinator: Coordinator, say: (text: string) => void): Coordinator {
  let told: string | undefined;

  async function observe<T>(verb: Promise<T>): Promise<T> {
    try {
      const result = await verb;
      if (told !== undefined) say("the coordinator serves again");
      told = undefined;
      return result;
    } catch (error) {
      if (error instanceof Failure && error.code !== told && !ofTheCaller.has(error.code)) {
        told = error.code;
        say(error.message);
      }
      throw error;
    }
  }

  return {
    read: (key) => observe(coordinator.read(key)),
    list: (prefix) => observe(coordinator.list(prefix)),
    write: (key, value, expected) => observe(coordinator.write(key, value, expected)),
    remove: (key) => observe(coordinator.remove(key)),
    watch: (prefix, observer, signal) => observe(coordinator.watch(prefix, observer, signal)),
    join: (key, value, signal) => observe(coordinator.join(key, value, signal)),
    [Symbol.asyncDispose]: () => coordinator[Symbol.asyncDispose]() as Promise<void>,
  };
}
