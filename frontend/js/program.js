// Functions that the program calls (script.rs), with values that WebAssembly can hand over.
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
    // Its script may come after the program.
    problem: (json) => {
      const problem = JSON.parse(json);
      return calls.problem?.(problem) ?? problem.detail ?? problem.title;
    },
    occurrences: (info) => calls.occurrences?.(JSON.parse(info)) ?? "",
    // Its script may come after the program.
    panel: (...shown) => (calls.panel ? calls.panel(...shown) : (calls.asked = shown)),
    // The first page's script is not there until it is needed.
    home: () => {
      if (calls.home) calls.home();
      else document.body.append(document.importNode(document.getElementById("places").content, true));
    },
  };
}
