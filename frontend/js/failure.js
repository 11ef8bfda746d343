// The notice that the program cannot be loaded or has stopped.
{
  const { t, faults } = calls;
  const byId = (id) => document.getElementById(id);
  let hasStarted = false;
  addEventListener("TrunkApplicationStarted", () => (hasStarted = true));

  const say = (text) => {
    const main = byId("main") ?? byId("app");
    main.ariaBusy = "false";
    main.querySelector(".skeleton")?.remove();
    const freshness = main.querySelector(".freshness");
    if (freshness) freshness.textContent = "";
    (main.querySelector(".columns") ?? main).prepend(byId("failed").content.cloneNode(true));
    const notice = main.querySelector("[data-notice=program]");
    if (text) {
      notice.querySelector("p").textContent = text;
      notice.classList.add("over");
    }
    notice.querySelector("button").addEventListener("click", () => location.reload());
  };

  // The listeners of a stopped program would keep links and forms from leading to the server.
  const setApart = () => {
    const stop = (event) => {
      const { target } = event;
      if (target.closest?.("#app, .number-form") && !target.closest("[data-notice=program]"))
        event.stopImmediatePropagation();
    };
    for (const name of ["click", "submit", "input", "change", "keydown", "focusin", "pointerdown"])
      addEventListener(name, stop, true);
    addEventListener("popstate", () => location.reload());
  };

  // Scripts that cannot be loaded fire an event on their element; scripts that fail, on the window. An error
  // of the program is a trap, or is thrown by a function that it calls.
  const failed = ({ target, filename, error, reason }) => {
    if (document.querySelector("[data-notice=program]")) return true;
    const isTrap = (error ?? reason) instanceof WebAssembly.RuntimeError;
    const isOfProgram = isTrap || /calls-page/.test(error?.stack);
    const isOnItsWay =
      target === window ? /calls-page|start-|^$/.test(filename ?? "") : target.type === "module";
    if (hasStarted && isOfProgram) {
      setApart();
      say(t("This page has stopped working. Load it again to go on."));
    } else if (!hasStarted && isOnItsWay) {
      say();
    }
    return true;
  };
  calls.failed = failed;
  faults.forEach(failed);
}
