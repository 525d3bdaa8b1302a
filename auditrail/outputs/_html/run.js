// The page of a run: chooses, folds, searches and filters the rows that stand in the page, and draws the timeline.
// Every value is written through textContent; no markup, style, class or address is ever made of one.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const list = byId("list");
  const rows = Array.from(list.querySelectorAll(":scope > .row"));
  const above = data.rows.map((row) => row[1]);
  const eventOf = data.rows.map((row) => row[0]);
  const children = rows.map(() => []);
  above.forEach((parent, row) => { if (parent >= 0) children[parent].push(row); });
  const folded = new Set();
  const state = { chosen: -1, text: "", layers: null, stream: "", status: "", problems: false };
  const counted = byId("count").textContent;

  function make(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // --- which rows are seen ------------------------------------------------------------------------------------------

  const texts = [];
  function textOf(row) {
    if (texts[row] === undefined) {
      const held = data.events[eventOf[row]];
      const parts = [rows[row].textContent];
      for (const [label, value] of held.f) parts.push(label, value);
      for (const content of held.c || []) parts.push(content[2]);
      for (const value of [...(held.m || []), ...held.j.slice(1, 3), ...held.s.flat()]) parts.push(value);
      texts[row] = parts.join("\n").toLowerCase();
    }
    return texts[row];
  }

  function field(row, label) {
    const found = data.events[eventOf[row]].f.find((pair) => pair[0] === label);
    return found ? found[1] : "";
  }

  const phraseOf = (row) => rows[row].querySelector(".p").textContent.trim();
  const streams = rows.map((_, row) => (eventOf[row] < 0 ? "" : field(row, "stream")));
  const statuses = rows.map((_, row) => (eventOf[row] < 0 ? "" : field(row, "status")));
  const layers = rows.map((_, row) => (eventOf[row] < 0 ? "" : field(row, "what").split(" ")[0]));
  const isNote = (row) => eventOf[row] < 0 && !rows[row].classList.contains("fold") && !rows[row].classList.contains("day");
  const isFiltered = () => Boolean(state.text || state.layers || state.stream || state.status || state.problems);

  function matches(row) {
    if (state.layers && !state.layers.has(layers[row])) return false;
    if (state.stream && streams[row] !== state.stream) return false;
    if (state.status && statuses[row] !== state.status) return false;
    if (state.problems && !rows[row].classList.contains("problem")) return false;
    return !state.text || textOf(row).includes(state.text);
  }

  let matching = new Set();
  function show() {
    const filtered = isFiltered();
    matching = new Set();
    const context = new Set();
    if (filtered) {
      for (let row = 0; row < rows.length; row++) {
        if (eventOf[row] < 0 || !matches(row)) continue;
        matching.add(row);
        for (let at = above[row]; at >= 0 && !context.has(at); at = above[at]) context.add(at);
      }
    }
    const seen = [];
    for (let row = 0; row < rows.length; row++) {
      const parent = above[row];
      let visible;
      let isFolded = false;
      if (filtered) {
        visible = matching.has(row) || context.has(row) || (isNote(row) && matching.has(parent));
      } else {
        visible = parent < 0 || (seen[parent] && !folded.has(parent));
        isFolded = !visible;
      }
      seen[row] = visible;
      const element = rows[row];
      if (element.hidden === visible) element.hidden = !visible;
      element.classList.toggle("folded", isFolded);
      element.classList.toggle("context", filtered && visible && !matching.has(row) && eventOf[row] >= 0);
    }
    byId("clear").hidden = !filtered;
    byId("count").textContent = filtered ? `${matching.size.toLocaleString("en")} match of ${counted}` : counted;
    timeline.dim(filtered ? matching : null);
  }

  function fold(row, whether) {
    if (!children[row].length || isFiltered()) return;
    if (whether) folded.add(row); else folded.delete(row);
    mark(row);
    show();
  }

  function mark(row) {
    const button = rows[row].querySelector(".fold-mark");
    if (button) button.textContent = folded.has(row) ? "\u25b8" : "\u25be";
    rows[row].setAttribute("aria-expanded", String(!folded.has(row)));
  }

  function foldAll(whether) {
    children.forEach((below, row) => {
      if (!below.length) return;
      if (whether || rows[row].classList.contains("fold")) folded.add(row); else folded.delete(row);
      mark(row);
    });
    show();
  }

  // --- the chosen event ---------------------------------------------------------------------------------------------

  function choose(row, { scroll = true } = {}) {
    if (row < 0 || row >= rows.length) return;
    if (eventOf[row] < 0 && above[row] >= 0 && isNote(row)) row = above[row];
    let opened = false;
    for (let at = above[row]; at >= 0; at = above[at]) {
      if (folded.delete(at)) { mark(at); opened = true; }
    }
    if (opened) show();
    if (rows[row].hidden) reset();
    if (state.chosen >= 0) {
      rows[state.chosen].classList.remove("chosen");
      rows[state.chosen].removeAttribute("aria-selected");
    }
    state.chosen = row;
    rows[row].classList.add("chosen");
    rows[row].setAttribute("aria-selected", "true");
    list.setAttribute("aria-activedescendant", rows[row].id);
    if (eventOf[row] >= 0) details(row);
    if (scroll) rows[row].scrollIntoView({ block: "nearest" });
    timeline.choose(row);
  }

  function leave() {
    if (state.chosen >= 0) rows[state.chosen].classList.remove("chosen");
    state.chosen = -1;
    list.removeAttribute("aria-activedescendant");
    byId("details").hidden = true;
    document.body.classList.remove("chosen");
    document.querySelector(".split").classList.remove("open");
    timeline.choose(-1);
  }

  function pairs(listed) {
    const made = make("dl");
    for (const [label, value] of listed) made.append(make("dt", "", label), make("dd", "", value));
    return made;
  }

  function goTo(row, text) {
    const button = make("button", "go", text);
    button.type = "button";
    button.addEventListener("click", () => choose(row));
    return button;
  }

  function details(row) {
    const held = data.events[eventOf[row]];
    const panel = byId("details");
    const head = make("header");
    const close = make("button", "", "\u00d7");
    close.type = "button";
    close.title = "Close (Escape)";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", leave);
    head.append(make("h3", "", phraseOf(row)), close);
    const parts = [head];
    const marks = [...(held.m || [])];
    for (const note of children[row]) if (rows[note].classList.contains("gap")) marks.push(rows[note].querySelector(".w").textContent);
    if (marks.length) {
      const listed = make("ul", "marks");
      marks.forEach((text) => listed.append(make("li", "", text)));
      parts.push(listed);
    }
    for (const [label, states, text, cut] of held.c || []) {
      const title = make("h4", "", label);
      if (states && states !== "present") title.append(make("em", "", states));
      parts.push(title);
      if (text) parts.push(make("pre", "", text));
      if (cut) parts.push(make("p", "dim", `${cut.toLocaleString("en")} more characters: reconstruct with --show-content`));
    }
    parts.push(make("h4", "", "event"), pairs(held.f));
    if (above[row] >= 0 && eventOf[above[row]] >= 0) {
      const under = make("p", "dim", "stands under ");
      under.append(goTo(above[row], rows[above[row]].querySelector(".at").textContent));
      parts.push(under);
    }
    const [confidence, kind, value, via, reference] = held.j;
    const joined = pairs([["how", confidence], ["by", kind], ["value", value]]);
    if (reference) {
      const place = make("dd");
      place.append(via >= 0 ? goTo(via, reference) : reference);
      joined.append(make("dt", "", "to"), place);
    }
    parts.push(make("h4", "", "joined to the run"), joined, make("h4", "", "evidence"), pairs(held.s));
    const [raw, note, cut] = data.raw[held.r] || ["", "The bytes of the record stay in that file; they are not in this page.", 0];
    if (raw) parts.push(make("h4", "", "record, as it stands there"), make("pre", "", raw));
    if (note) parts.push(make("p", "dim", note));
    if (cut) parts.push(make("p", "dim", `${cut.toLocaleString("en")} more characters: reconstruct with --show-content`));
    panel.replaceChildren(...parts);
    panel.hidden = false;
    panel.scrollTop = 0;
    document.body.classList.add("chosen");
    document.querySelector(".split").classList.add("open");
  }

  function step(by, wanted) {
    let at = state.chosen < 0 ? (by > 0 ? -1 : rows.length) : state.chosen;
    do at += by; while (at >= 0 && at < rows.length && (rows[at].hidden || eventOf[at] < 0 || (wanted && !wanted(at))));
    if (at >= 0 && at < rows.length) choose(at);
  }

  // --- filters ------------------------------------------------------------------------------------------------------

  const boxes = Array.from(document.querySelectorAll('input[name="layer"]'));
  function read() {
    state.text = byId("search").value.trim().toLowerCase();
    state.stream = byId("stream").value;
    state.status = byId("status").value;
    state.problems = byId("problems").checked;
    state.layers = boxes.every((box) => box.checked) ? null : new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    show();
  }

  function reset() {
    byId("search").value = "";
    byId("stream").value = "";
    byId("status").value = "";
    byId("problems").checked = false;
    boxes.forEach((box) => { box.checked = true; });
    read();
  }

  // --- the timeline -------------------------------------------------------------------------------------------------

  const timeline = (() => {
    const none = { choose() {}, dim() {}, zoom() {}, move() {}, fit() {}, near() {} };
    if (!data.items.length) return none;
    const LINE = 13, PAD = 5, TOP = 22;
    const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let height = TOP;
    const tops = data.lanes.map(([, , lines]) => {
      const top = height;
      height += Math.max(lines, 1) * LINE + 2 * PAD;
      return top;
    });
    const items = data.items.map(([row, lane, line, begin, end, kind], key) => ({
      row, key, begin, end: end === null ? begin : end, point: end === null, kind, layer: data.lanes[lane][0],
      y: tops[lane] + PAD + line * LINE,
    }));
    const ofRow = new Map();
    items.forEach((item) => { if (!ofRow.has(item.row) || !item.kind.startsWith("gap")) ofRow.set(item.row, item); });

    byId("time").hidden = false;
    const labels = byId("lanes");
    labels.style.paddingTop = `${TOP}px`;
    data.lanes.forEach(([layer, stream, lines]) => {
      const label = make("div", `l-${layer}`);
      label.style.height = `${Math.max(lines, 1) * LINE + 2 * PAD}px`;
      const name = make("span", "", stream);
      name.title = stream;
      label.append(make("b", "", layer === "gap" ? "" : layer), name);
      if (layer === "gap") label.firstChild.remove();
      labels.append(label);
    });

    const plot = byId("plot");
    const tip = make("div");
    tip.id = "tip";
    tip.hidden = true;
    const svg = d3.select(plot).append("svg").attr("height", height).attr("role", "img")
      .attr("aria-label", "Timeline; the same events stand in the list below");
    plot.append(tip);
    const axis = svg.append("g").attr("class", "axis").attr("transform", `translate(0,${TOP})`);
    svg.append("g").selectAll("line").data(tops).join("line").attr("class", "lane").attr("x2", "100%").attr("y1", (y) => y).attr("y2", (y) => y);
    const layer = svg.append("g");
    const chosen = svg.append("rect").attr("class", "chosen-mark").attr("rx", 2).attr("display", "none");

    const first = d3.min(items, (item) => item.begin);
    const last = d3.max(items, (item) => item.end);
    const length = Math.max(last - first, 1);
    const whole = d3.scaleUtc().domain([data.first + first - length * 0.015, data.first + last + length * 0.025]);
    let scale = whole;
    let width = 0;
    let dimmed = null;

    const formats = new Map();
    function label(date, step) {
      const options = { timeZone: data.tz, hourCycle: "h23", hour: "2-digit", minute: "2-digit" };
      if (step < 60_000) options.second = "2-digit";
      if (step < 1_000) options.fractionalSecondDigits = 3;
      if (step >= 3_600_000) Object.assign(options, { month: "short", day: "numeric" });
      const key = JSON.stringify(options);
      if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", options));
      return formats.get(key).format(date);
    }

    const at = (ms) => scale(data.first + ms);
    // Items that would fall on the same pixels as the one before are left out; those that failed are drawn over all.
    function seen() {
      const ends = new Map();
      const made = [];
      for (const item of items) {
        const left = at(item.begin), right = item.point ? left : at(item.end);
        if (right < -4 || left > width + 4) continue;
        if ((!item.kind || item.kind === "allow") && item.row !== state.chosen) {
          const place = `${item.y} ${item.point} ${dimmed ? dimmed.has(item.row) : ""}`;
          if (right < (ends.get(place) ?? -9) + 1) continue;
          ends.set(place, Math.max(right, left + 1));
        }
        made.push(item);
      }
      return made.sort((a, b) => Boolean(a.kind) - Boolean(b.kind) || a.key - b.key);
    }

    function path(item) {
      const x = at(item.begin), middle = item.y + LINE / 2;
      if (item.kind.startsWith("gap")) return `M${x - 4},${middle - 4}l8,8m0,-8l-8,8`;
      if (item.point && ["allow", "deny", "ask"].includes(item.kind)) return `M${x},${middle - 5}l5,5l-5,5l-5,-5z`;
      if (item.point) return `M${x - 1.25},${item.y + 1}h2.5v${LINE - 2}h-2.5z`;
      const from = Math.max(x, -20), to = Math.min(Math.max(at(item.end), x + 2), width + 20);
      return `M${from},${item.y + 1.5}h${Math.max(to - from, 2)}v${LINE - 3}h${-Math.max(to - from, 2)}z`;
    }

    function draw() {
      const moments = scale.ticks(Math.max(Math.floor(width / 150), 2)).filter((date) => scale(date) > 40 && scale(date) < width - 40);
      const step = moments.length > 1 ? moments[1] - moments[0] : 1;
      axis.call(d3.axisTop(scale).tickValues(moments).tickSizeOuter(0).tickSizeInner(4).tickFormat((date) => label(date, step)));
      layer.selectAll("path").data(seen(), (item) => item.key).join((enter) => enter.append("path").classed("item", true)
        .each(function () { const item = d3.select(this).datum(); this.classList.add(`l-${item.layer}`, ...(item.point ? ["point"] : []), ...item.kind.split(" ").filter(Boolean)); }))
        .classed("dimmed", (item) => dimmed !== null && !dimmed.has(item.row) && !dimmed.has(above[item.row]))
        .attr("d", path).order();
      const item = state.chosen < 0 ? null : ofRow.get(state.chosen);
      chosen.attr("display", item ? null : "none");
      if (item) {
        const x = at(item.begin), wide = Math.max(at(item.end) - x, 3);
        chosen.attr("x", Math.max(x - 3, -30)).attr("y", item.y - 1).attr("height", LINE + 2).attr("width", Math.min(wide + 6, width + 60));
      }
    }

    const zoom = d3.zoom().scaleExtent([1, Math.max(length * 20, 1)]).on("zoom", (event) => {
      scale = event.transform.rescaleX(whole);
      draw();
    });
    svg.call(zoom).on("dblclick.zoom", null);

    function resize() {
      const now = plot.clientWidth;
      if (!now || now === width) return;
      width = now;
      whole.range([0, width]);
      svg.attr("viewBox", `0 0 ${width} ${height}`).attr("preserveAspectRatio", "none");
      zoom.extent([[0, 0], [width, height]]).translateExtent([[0, 0], [width, height]]);
      scale = d3.zoomTransform(svg.node()).rescaleX(whole);
      draw();
    }

    const itemOf = (event) => { const found = d3.select(event.target); return found.classed("item") ? found.datum() : null; };
    svg.on("click", (event) => { const item = itemOf(event); if (item) choose(item.row); });
    svg.on("pointermove", (event) => {
      const item = itemOf(event);
      tip.hidden = !item || item.row < 0;
      if (tip.hidden) return;
      const time = rows[item.row].querySelector(".t").textContent, took = item.point ? "" : field(item.row, "took"); // only events have a length
      tip.replaceChildren(make("b", "", [time, took].filter(Boolean).join("  ")), phraseOf(item.row));
      const [x, y] = d3.pointer(event, plot);
      tip.style.left = `${Math.max(Math.min(x + 12, width - tip.offsetWidth - 8), 4)}px`;
      tip.style.top = `${y + 16}px`;
    });
    svg.on("pointerleave", () => { tip.hidden = true; });
    new ResizeObserver(resize).observe(plot);
    resize();

    const smooth = () => (reduced || items.length > 2000 ? svg : svg.transition().duration(180));
    return {
      choose: draw,
      dim(found) { dimmed = found; draw(); },
      zoom(by) {
        const item = ofRow.get(state.chosen);
        const x = item ? at((item.begin + item.end) / 2) : width / 2;
        smooth().call(zoom.scaleBy, by, [x >= 0 && x <= width ? x : width / 2, 0]);
      },
      move(by) { const k = d3.zoomTransform(svg.node()).k; smooth().call(zoom.translateBy, (-by * width) / (3 * k), 0); },
      fit() { smooth().call(zoom.transform, d3.zoomIdentity); },
      near() {
        const item = ofRow.get(state.chosen);
        if (!item) return;
        const span = Math.max((item.end - item.begin) * 3, length / 200, 1);
        const middle = data.first + (item.begin + item.end) / 2;
        const [from, to] = whole.domain();
        const k = Math.min(Math.max((to - from) / span, 1), length * 20);
        smooth().call(zoom.transform, d3.zoomIdentity.translate(width / 2, 0).scale(k).translate(-whole(middle), 0));
      },
    };
  })();

  // --- colours, keys ------------------------------------------------------------------------------------------------

  const themes = ["system", "dark", "light"];
  function turn() {
    const now = document.documentElement.dataset.theme || "system";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    if (next === "system") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = next;
    byId("theme").textContent = `Colours: ${next}`;
  }

  const keys = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    n: () => step(1, (row) => rows[row].classList.contains("problem")),
    p: () => step(-1, (row) => rows[row].classList.contains("problem")),
    ArrowRight: () => fold(state.chosen, false),
    ArrowLeft: () => {
      const row = state.chosen;
      if (row < 0) return;
      if (children[row].length && !folded.has(row) && !isFiltered()) fold(row, true); else if (above[row] >= 0) choose(above[row]);
    },
    Enter: () => { if (state.chosen < 0) step(1); else if (eventOf[state.chosen] < 0) fold(state.chosen, !folded.has(state.chosen)); else { details(state.chosen); byId("details").tabIndex = -1; byId("details").focus(); } },
    "/": () => { byId("search").focus(); byId("search").select(); },
    "?": () => byId("keys").showModal(),
    t: turn, z: () => timeline.near(), 0: () => timeline.fit(),
    "+": () => timeline.zoom(1.7), "=": () => timeline.zoom(1.7), "-": () => timeline.zoom(1 / 1.7),
    "]": () => timeline.move(1), "[": () => timeline.move(-1),
  };

  document.addEventListener("keydown", (event) => {
    const inField = event.target instanceof Element && event.target.matches("input, select");
    if (event.key === "Escape") {
      if (byId("keys").open) return;
      if (inField) event.target.blur();
      if (isFiltered()) reset(); else leave();
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
    if (inField && event.target.type !== "checkbox") {
      if (event.key === "Enter" && event.target.id === "search") { event.target.blur(); read(); leave(); step(1, (row) => !isFiltered() || matching.has(row)); event.preventDefault(); }
      return;
    }
    if (event.key === "Enter" && event.target instanceof Element && event.target.matches("button, a, summary")) return;
    const act = Object.hasOwn(keys, event.key) ? keys[event.key] : null;
    if (act) { act(); event.preventDefault(); }
  });

  children.forEach((below, row) => {
    if (!below.some((child) => !isNote(child))) return;
    const button = make("button", "fold-mark");
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-label", "Fold or unfold");
    rows[row].querySelector(".w").prepend(button);
    if (rows[row].classList.contains("fold")) folded.add(row);
    mark(row);
  });
  list.tabIndex = 0;
  list.addEventListener("click", (event) => {
    const row = rows.indexOf(event.target.closest(".row"));
    if (row < 0 || getSelection().type === "Range") return;
    if (event.target.matches(".fold-mark") || rows[row].classList.contains("fold")) fold(row, !folded.has(row));
    else choose(row, { scroll: false });
  });
  document.querySelectorAll('a[href^="#r"]').forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    choose(Number(link.getAttribute("href").slice(2)));
    rows[state.chosen].scrollIntoView({ block: "center" });
  }));
  let waiting = 0;
  byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(read, 120); });
  for (const id of ["stream", "status", "problems"]) byId(id).addEventListener("change", read);
  boxes.forEach((box) => box.addEventListener("change", read));
  byId("clear").addEventListener("click", reset);
  byId("unfold").addEventListener("click", () => foldAll(false));
  byId("fold").addEventListener("click", () => foldAll(true));
  byId("theme").addEventListener("click", turn);
  byId("help").addEventListener("click", () => byId("keys").showModal());
  byId("in").addEventListener("click", () => timeline.zoom(1.7));
  byId("out").addEventListener("click", () => timeline.zoom(1 / 1.7));
  byId("fit").addEventListener("click", () => timeline.fit());
  byId("near").addEventListener("click", () => timeline.near());
  document.querySelectorAll(".controls").forEach((part) => { part.hidden = false; });
  document.documentElement.classList.add("scripted");
  show();
  document.documentElement.dataset.ready = "yes";
})();
