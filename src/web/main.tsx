// Starts the page. `#stack=NAME&token=TOKEN` logs in; the token leaves the address bar at once.
import { render } from "preact";
import { App } from "./app.tsx";
import { StoreContext } from "./hooks.ts";
import { Store } from "./store.ts";

const store = new Store();
const given = new URLSearchParams(location.hash.slice(1));
const kept = JSON.parse(sessionStorage.getItem("weft-access") ?? "{}") as { stack?: string; token?: string };
const stack = given.get("stack") ?? kept.stack;
const token = given.get("token") ?? kept.token;
if (given.has("token")) history.replaceState(null, "", location.pathname);
// For this tab alone: a reload stays logged in.
store.subscribe(() => {
  const { access } = store.state;
  if (access === undefined) sessionStorage.removeItem("weft-access");
  else sessionStorage.setItem("weft-access", JSON.stringify(access));
});
if (stack !== undefined && token !== undefined) void store.connect({ stack, token });

const root = document.getElementById("page");
if (root !== null)
  render(
    <StoreContext.Provider value={store}>
      <App />
    </StoreContext.Provider>,
    root,
  );
