// Functions for the program (script.rs), with arguments that WebAssembly can pass.
{
  // What the program shows when it is asked to comes behind it.
  addEventListener("TrunkApplicationStarted", () => {
    const behind = document.getElementById("behind");
    behind?.replaceWith(document.importNode(behind.content, true));
  });

  const { t, write, row, title, heading, spelling, briefly, wait } = calls;
  const read = (json) => (json ? JSON.parse(json) : undefined);
  calls.program = {
    t,
    row: (call, owner, home) => write(row(JSON.parse(call), owner, home)),
    title: (number, info, party, person) => write(title(number, read(info), party, read(person))),
    heading: (number, info, owner) => heading(number, read(info), read(owner)),
    spelling: (party, known, home) => spelling(party, read(known), home),
    duration: briefly,
    wait,
    // Its script may be loaded after the program.
    problem: (json) => {
      const problem = JSON.parse(json);
      return calls.problem?.(problem) ?? problem.detail ?? problem.title;
    },
    occurrences: (info) => calls.occurrences?.(JSON.parse(info)) ?? "",
    // Its script may be loaded after the program.
    panel: (...shown) => (calls.panel ? calls.panel(...shown) : (calls.asked = shown)),
    // The first page's script is loaded when needed.
    home: () => {
      if (calls.home) calls.home();
      else document.body.append(document.importNode(document.getElementById("places").content, true));
    },
  };
}
