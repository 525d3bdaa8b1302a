// The page of a report: searches, filters and sorts the list of runs, and shows one.
// The data are columns; a row is made of them only when it is to be seen. Every value is written through textContent;
// an address is made only of names that this program gave (letters, digits, dots, dashes, strokes).
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const cols = data.columns;
  const words = data.words;
  const total = cols.id.length;
  const none = "\u2013";
  const pages = new Map(data.pages);
  const safe = /^(?:runs\/[\w.-]+\.html|#run-\d+)$/;

  // --- columns ------------------------------------------------------------------------------------------------------

  let last = 0;
  cols.start = cols.start.map((step) => (step === null ? null : (last += step)));
  const lower = cols.id.map((id) => id.toLowerCase());
  const said = (name, row) => words[name][cols[name][row]];

  const zoned = data.tz === "UTC" ? null : new Intl.DateTimeFormat("sv-SE", {
    timeZone: data.tz, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });
  function stamp(ms) {
    if (ms === null) return none;
    const moment = new Date(ms);
    if (Number.isNaN(moment.getTime())) return `${ms} ms`;
    return zoned ? zoned.format(moment) : moment.toISOString().slice(0, 19).replace("T", " ");
  }
  // As `_when.duration` says it.
  function duration(ms) {
    if (ms === null) return none;
    const sign = ms < 0 ? "-" : "";
    const size = Math.abs(ms);
    if (size < 1000) return `${sign}${size} ms`;
    const seconds = Math.floor(size / 1000);
    if (seconds < 60) return `${sign}${Math.floor(size / 100) / 10} s`;
    const units = [[86400, "d", 3600, "h"], [3600, "h", 60, "min"], [60, "min", 1, "s"]];
    const [unit, name, part, less] = units.find((each) => seconds >= each[0]);
    const rest = Math.floor((seconds % unit) / part);
    return `${sign}${Math.floor(seconds / unit)} ${name}${rest ? ` ${rest} ${less}` : ""}`;
  }
  const count = (value) => (value === null ? none : value.toLocaleString("en"));
  const score = (value) => (value === null ? none : value.toFixed(2));

  const shows = {
    start: (row) => stamp(cols.start[row]), length: (row) => duration(cols.length[row]),
    score: (row) => score(cols.score[row]),
  };
  const numbers = ["events", "errors", "denials", "tokens_in", "tokens_out", "findings"];
  for (const name of numbers) shows[name] = (row) => count(cols[name][row]);
  for (const name of Object.keys(words)) shows[name] = (row) => said(name, row) || none;
  shows.id = (row) => cols.id[row];

  // --- search, filters, order ---------------------------------------------------------------------------------------

  const selects = ["agent", "status", "grade", "severity", "cause", "integrity"];
  const state = { text: "", from: "", to: "", sort: null, up: true };
  for (const name of selects) state[name] = "";
  let order = Uint32Array.from({ length: total }, (_, row) => row);
  let view = order;

  // For each word of a column whether the filter lets it through; null lets everything through.
  function lets(name, test) {
    return Uint8Array.from(words[name], (word) => (test(word) ? 1 : 0));
  }

  function filtered() {
    const tests = [];
    for (const name of selects) {
      if (state[name] === "") continue;
      const at = name === "cause" ? "causes" : name;
      const chosen = Number(state[name]);
      const wanted = name === "cause" ? lets(at, (word) => word.split(", ").includes(data.causes[chosen])) : null;
      const column = cols[at];
      tests.push(wanted ? (row) => wanted[column[row]] : (row) => column[row] === chosen);
    }
    if (state.from) { const edge = Date.parse(`${state.from}T00:00:00Z`); tests.push((row) => cols.start[row] !== null && cols.start[row] >= edge); }
    if (state.to) { const edge = Date.parse(`${state.to}T00:00:00Z`) + 86400000; tests.push((row) => cols.start[row] !== null && cols.start[row] < edge); }
    if (state.text) {
      const agents = lets("agent", (word) => word.toLowerCase().includes(state.text));
      const causes = lets("causes", (word) => word.includes(state.text));
      tests.push((row) => lower[row].includes(state.text) || agents[cols.agent[row]] || causes[cols.causes[row]]);
    }
    if (!tests.length) return order;
    const made = new Uint32Array(total);
    let seen = 0;
    rows: for (let place = 0; place < total; place += 1) {
      const row = order[place];
      for (const test of tests) if (!test(row)) continue rows;
      made[seen] = row;
      seen += 1;
    }
    return made.subarray(0, seen);
  }

  function sorted() {
    const rows = Uint32Array.from({ length: total }, (_, row) => row);
    if (state.sort === null) return rows;
    let keys = cols[state.sort];
    if (state.sort === "id") {
      const ranked = Array.from(rows).sort((one, other) => (lower[one] < lower[other] ? -1 : lower[one] > lower[other] ? 1 : one - other));
      keys = new Uint32Array(total);
      ranked.forEach((row, rank) => { keys[row] = rank; });
    } else if (words[state.sort]) {
      const ranks = data.ranks[state.sort];
      keys = keys.map((word) => ranks[word]);
    }
    const side = state.up ? 1 : -1;
    // What is not known stands last, whichever way.
    return rows.sort((one, other) => {
      const a = keys[one];
      const b = keys[other];
      if (a === null || b === null) return a === b ? one - other : a === null ? 1 : -1;
      return side * (a - b) || one - other;
    });
  }

  // --- the list -----------------------------------------------------------------------------------------------------

  const titles = data.titles;
  const narrow = window.matchMedia("(max-width: 640px)");
  const wide = [
    ["id", 150], ["agent", 120], ["start", 140], ["length", 66], ["status", 76], ["grade", 75], ["severity", 70],
    ["causes", 140], ["events", 60], ["tokens_in", 75], ["integrity", 120],
  ];
  const slim = [["id", 150], ["grade", 80], ["severity", 70]];
  const right = new Set([...numbers, "length", "score"]);

  function link(row) {
    const name = pages.get(row);
    if (!name || !safe.test(name)) return null;
    const made = document.createElement("a");
    made.href = name;
    return made;
  }

  function cell(place, _column, row, column) {
    const name = column.id;
    const text = shows[name](row);
    if (name === "id") {
      const made = link(row) || document.createElement("span");
      made.className = "mono";
      made.textContent = text;
      return made;
    }
    const made = document.createElement("span");
    made.textContent = text;
    if (["status", "grade", "severity", "integrity"].includes(name) && /^[\w-]+$/.test(text)) made.className = `w-${text}`;
    made.title = text;
    return made;
  }

  function columns() {
    return (narrow.matches ? slim : wide).map(([name, width]) => ({
      id: name, field: name, name: titles[name], width, minWidth: 48, sortable: true, formatter: cell,
      cssClass: right.has(name) ? "number" : "", headerCssClass: right.has(name) ? "number" : "",
    }));
  }

  let chosen = -1;
  let grid = null;
  const provider = {
    getLength: () => view.length,
    getItem: (place) => (place < view.length ? { row: view[place] } : null),
    getItemMetadata: (place) => (place < view.length && view[place] === chosen ? { cssClasses: "chosen" } : null),
  };

  function build() {
    if (!total) return;
    byId("grid").hidden = false;
    byId("grid").style.height = `${Math.min(576, 32 + 29 * Math.max(total, 3))}px`;
    grid = new Slick.Grid(byId("grid"), provider, columns(), {
      enableHtmlRendering: false, sanitizer: (text) => text, enableColumnReorder: false, forceFitColumns: true,
      rowHeight: 29, enableCellNavigation: true, dataItemColumnValueExtractor: (item) => item.row, editable: false,
    });
    const box = byId("grid");
    box.setAttribute("aria-label", "Runs. Arrow keys move, Enter tells of a run");
    box.setAttribute("aria-colcount", String(columns().length));
    grid.onSort.subscribe((_event, asked) => order_by(asked.columnId || asked.sortCol.id, asked.sortAsc));
    grid.onClick.subscribe((event, asked) => { if (!event.target.closest("a")) choose(view[asked.row]); });
    grid.onKeyDown.subscribe((event, asked) => {
      if (event.key !== "Enter" || asked.row === undefined || asked.row === null) return;
      choose(view[asked.row]);
      byId("details").focus();
      event.preventDefault();
    });
    grid.onRendered.subscribe(number_rows);
    fit();
  }

  // Columns over the whole width; headings are made anew, for only then they stand over their columns.
  function fit(shown = grid.getColumns()) {
    grid.setColumns(shown);
    grid.resizeCanvas();
    grid.autosizeColumns();
    grid.setColumns(grid.getColumns());
    mark_order();
  }

  // The list holds the rows that are seen: a screen reader is told which they are, and of how many.
  function number_rows() {
    byId("grid").setAttribute("aria-rowcount", String(view.length + 1));
    for (const row of byId("grid").querySelectorAll(".slick-row")) row.setAttribute("aria-rowindex", String(Number(row.dataset.row) + 2));
  }

  function order_by(name, up) {
    state.sort = name;
    state.up = up;
    order = sorted();
    mark_order();
    show();
  }

  function mark_order() {
    for (const head of byId("grid").querySelectorAll(".slick-header-column")) {
      if (head.dataset.id === state.sort) head.setAttribute("aria-sort", state.up ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
  }

  function show() {
    view = filtered();
    const some = view.length < total || selects.some((name) => state[name] !== "") || state.text || state.from || state.to;
    byId("count").textContent = some ? `${count(view.length)} of ${data.counted}` : data.counted;
    byId("clear").hidden = !some;
    byId("none").hidden = view.length > 0;
    if (grid) {
      grid.invalidateAllRows();
      grid.updateRowCount();
      grid.scrollRowToTop(0);
      grid.resetActiveCell();
      grid.render();
      number_rows();
    }
    if (document.documentElement.classList.contains("plainly")) table();
  }

  function clear() {
    state.text = state.from = state.to = "";
    for (const name of selects) state[name] = "";
    for (const id of [...selects.map((name) => `by-${name}`), "search", "from", "to"]) byId(id).value = "";
    show();
  }

  // --- one run ------------------------------------------------------------------------------------------------------

  const plain_id = /^[\w.:@/+=,-]+$/;

  function add(parent, tag, text, looks) {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (looks) made.className = looks;
    parent.append(made);
    return made;
  }

  function choose(row) {
    const box = byId("details");
    const before = chosen;
    chosen = row === before ? -1 : row;
    // Rows that the grid makes anew would stand last in the document, which is the order that is read out.
    for (const line of byId("grid").querySelectorAll(".slick-row")) line.classList.toggle("chosen", view[Number(line.dataset.row)] === chosen);
    box.replaceChildren();
    box.hidden = chosen < 0;
    if (chosen < 0) return;
    const head = add(box, "header");
    add(head, "h3", `Run ${cols.id[row]}`);
    const close = add(head, "button", "\u00d7");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => { choose(row); if (grid) grid.focus(); });
    const list = add(box, "dl");
    for (const [name, title] of data.facts) {
      add(list, "dt", title);
      add(list, "dd", shows[name](row));
    }
    const address = link(row);
    if (address) {
      address.textContent = "Open the page of this run";
      add(box, "p").append(address);
    } else if (plain_id.test(cols.id[row])) {
      add(box, "p", "This report holds no page of this run. To make one, with the case:");
      add(box, "pre", `auditrail reconstruct ${cols.id[row]} -o run.html`);
    } else {
      add(box, "p", "This report holds no page of this run: see auditrail runs, and auditrail reconstruct.");
    }
  }

  // --- a plain table: for print, and for who wants one --------------------------------------------------------------

  const room = 1000;
  function table() {
    const body = document.querySelector("#plain tbody");
    const made = document.createDocumentFragment();
    for (const row of view.subarray(0, room)) {
      const line = add(made, "tr");
      data.listed.forEach((name) => {
        const box = add(line, "td", undefined, name === "id" ? "mono" : right.has(name) ? "number" : "");
        const address = name === "id" ? link(row) : null;
        if (address) { address.textContent = shows[name](row); box.append(address); } else box.textContent = shows[name](row);
      });
    }
    body.replaceChildren(made);
    const more = view.length - Math.min(view.length, room);
    byId("rest").textContent = more ? `and ${count(more)} more: filter, or auditrail report --format json` : "";
  }

  function plainly() {
    const on = document.documentElement.classList.toggle("plainly");
    byId("plainly").setAttribute("aria-pressed", String(on));
    if (on) table(); else if (grid) fit();
  }

  // --- controls -----------------------------------------------------------------------------------------------------

  const themes = ["system", "dark", "light"];
  function turn() {
    const now = document.documentElement.dataset.theme || "system";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = next;
    byId("theme").textContent = `Colours: ${next}`;
  }

  for (const name of selects) {
    const listed = name === "cause" ? data.causes : words[name];
    const places = listed.map((_, place) => place).filter((place) => listed[place] !== "");
    if (name !== "cause") places.sort((one, other) => data.ranks[name][one] - data.ranks[name][other]);
    for (const place of places) {
      const made = add(byId(`by-${name}`), "option", listed[place]);
      made.value = String(place);
    }
    byId(`by-${name}`).addEventListener("change", (event) => { state[name] = event.target.value; show(); });
  }
  byId("search").addEventListener("input", (event) => { state.text = event.target.value.trim().toLowerCase(); show(); });
  for (const name of ["from", "to"]) byId(name).addEventListener("change", (event) => { state[name] = event.target.value; show(); });
  byId("clear").addEventListener("click", clear);
  byId("theme").addEventListener("click", turn);
  byId("plainly").addEventListener("click", plainly);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") { clear(); if (document.activeElement === byId("search")) byId("search").blur(); return; }
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); byId("search").focus(); }
    if (event.key === "t") turn();
  });
  window.addEventListener("beforeprint", () => {
    table();
    // A browser without ::details-content prints what is open.
    document.querySelectorAll("details.printed").forEach((part) => { part.open = true; });
  });
  // A link to the page of a run leads to events that are folded away.
  function unfold() {
    const target = /^#run-\d+$/.test(location.hash) ? byId(location.hash.slice(1)) : null;
    if (target) target.querySelectorAll("details").forEach((part) => { part.open = true; });
  }
  window.addEventListener("hashchange", unfold);
  document.querySelectorAll(".controls").forEach((part) => { part.hidden = false; });
  document.documentElement.classList.add("scripted");
  build();
  unfold();
  narrow.addEventListener("change", () => { if (grid) fit(columns()); });
  let wait = 0;
  window.addEventListener("resize", () => { clearTimeout(wait); wait = setTimeout(() => { if (grid) fit(); }, 150); });
  document.documentElement.dataset.ready = "yes";
})();
