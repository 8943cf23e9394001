// The way in: the operator's token, or a recorded run.
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { usePage, useStore } from "./hooks.ts";

export function Login(): VNode {
  const store = useStore();
  const { trouble, stack: lastStack } = usePage();
  const [stack, setStack] = useState(lastStack);
  const [token, setToken] = useState("");
  const submit = (event: Event): void => {
    event.preventDefault();
    void store.connect({ stack: stack.trim(), token: token.trim() });
  };
  return (
    <main class="login">
      <form onSubmit={submit}>
        <h1>
          <Mark /> weft
        </h1>
        <p>Who waits for whom in a running stack.</p>
        {trouble !== undefined && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <label>
          Stack
          <input
            value={stack}
            required
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setStack(event.currentTarget.value)}
          />
        </label>
        <label>
          Operator's token
          <input
            value={token}
            required
            type="password"
            autocomplete="off"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          <code>weft up --keep</code> and <code>weft hub --stack NAME</code> print it.
        </p>
        <button type="submit" class="primary">
          Look
        </button>
        <OpenRecording />
      </form>
    </main>
  );
}

/** A button that opens what `weft up --record` has written. */
export function OpenRecording(): VNode {
  const store = useStore();
  const open = async (input: HTMLInputElement): Promise<void> => {
    const [file] = input.files ?? [];
    if (file !== undefined) store.openRecording(file.name, await file.text());
    input.value = "";
  };
  return (
    <label class="button file">
      Play a recorded run
      <input type="file" class="visually-hidden" onChange={(event) => void open(event.currentTarget)} />
    </label>
  );
}

export function Mark(): VNode {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
      <path d="M6 2v20M12 2v20M18 2v20" />
      <path class="thread" d="M2 8h4q3-4 6 0t6 0h4M2 16h4q3 4 6 0t6 0h4" />
    </svg>
  );
}
