// A blind A/B/X test: X is A or B by the toss of a coin, and the listener says which. The number of
// trials is fixed before the first and nothing is told before the last, so the p-value is exact.

// The chance that guessing gets `right` or more of `trials`.
function chance(right, trials) {
  let ways = 1, sum = 0;
  for (let k = 0; k <= trials; k++) {
    if (k >= right) sum += ways;
    ways = ways * (trials - k) / (k + 1);
  }
  return sum / 2 ** trials;
}

// The fewest right answers that guessing reaches in less than 5 % of all tests.
function needed(trials) {
  let right = 0;
  while (chance(right, trials) >= 0.05) right++;
  return right;
}

const shown = p => p < 0.001 ? p.toExponential(1) : p.toFixed(3);

// panel: where the test is shown; names: of the stems; sound: the Transport;
// on: what to do when the test `covers` and `uncovers` the stems, and to `listen` to one.
function blindTest(panel, names, sound, on) {
  const past = [];
  const make = (tag, text = "", attributes = {}) => {
    const node = document.createElement(tag);
    node.textContent = text;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const button = (text, action, attributes = {}) => {
    const node = make("button", text, { type: "button", ...attributes });
    node.onclick = action;
    return node;
  };
  const line = (...nodes) => {
    const node = make("div", "", { class: "line" });
    node.append(...nodes);
    return node;
  };
  const field = (text, select) => {
    const label = make("label", text);
    label.append(select);
    return label;
  };
  const menu = (entries, value, change) => {
    const select = make("select");
    select.append(...entries.map(([key, text]) => make("option", text, { value: key })));
    select.value = value;
    select.onchange = change;
    return select;
  };
  const show = (...nodes) => {
    panel.replaceChildren(...nodes);
    panel.hidden = false;
  };
  const stop = note => {
    if (note) past.push(note);
    state = null;
    on.uncover();
  };
  const close = () => {
    if (state) stop(`given up after ${state.given.length} of ${state.trials} answers`);
    panel.hidden = true;
  };
  let state = null;

  const pair = names.map((name, i) => [i, name]);
  const first = Math.max(0, names.length - 2);
  const one = menu(pair, first, () => setUp()), two = menu(pair, first + 1, () => setUp());
  const count = menu([8, 12, 16, 24, 32].map(n => [n, n]), 16, () => setUp());

  function setUp() {
    const a = Number(one.value), b = Number(two.value), n = Number(count.value);
    const step = sound.matches[b] - sound.matches[a];  // how much louder A is
    const level = sound.matched
      ? "Loudness is matched."
      : Math.abs(step) < 0.1
        ? "Both are equally loud."
        : `${step > 0 ? "A" : "B"} is ${Math.abs(step).toFixed(1)} dB louder, which alone can be heard: ` +
          "“Loudness” matches them.";
    const start = button("Start", () => begin(a, b, n), { class: "strong" });
    start.disabled = a === b;
    show(
      make("h3", "Blind A/B/X test: can you hear the difference?"),
      line(field("A", one), field("B", two), field("Trials", count)),
      make("p", `X is A or B, drawn anew in each trial. ${needed(n)} right answers of ${n} are ` +
        `needed for p < 0.05. ${a === b ? "Choose two different stems." : level}`),
      line(start, button("Close", close)),
      history(),
    );
  }

  function begin(a, b, trials) {
    state = { a, b, trials, given: [], matched: sound.matched };
    on.cover();
    next();
    panel.querySelector("button").focus();
  }

  function next() {
    state.x = crypto.getRandomValues(new Uint8Array(1))[0] & 1;
    const number = state.given.length + 1;
    show(
      make("h3", `Trial ${number} of ${state.trials}`, { "aria-live": "polite" }),
      line(...["A", "B", "X"].map(key =>
        button(key, () => listen(key), { "data-key": key, "aria-label": `Listen to ${key}` }))),
      line(
        button("X is A", () => answer(0), { class: "strong", "data-native": "" }),
        button("X is B", () => answer(1), { class: "strong", "data-native": "" }),
        button("Give up", () => { close(); setUp(); }, { "data-native": "" }),
      ),
      make("p", "Keys: space plays, A, B and X listen, Tab and Enter answer.", { class: "keys" }),
    );
    listen("X");
  }

  function listen(key) {
    if (!state) return;
    on.listen({ A: state.a, B: state.b, X: state.x ? state.b : state.a }[key]);
    for (const node of panel.querySelectorAll("[data-key]"))
      node.setAttribute("aria-pressed", node.dataset.key === key);
  }

  function answer(said) {
    const focus = said ? 4 : 3;
    state.given.push({ x: state.x, said });
    if (state.given.length < state.trials) {
      next();
      panel.querySelectorAll("button")[focus].focus();
    } else finish();
  }

  function finish() {
    const { a, b, trials, given, matched } = state;
    const right = given.filter(({ x, said }) => x === said).length, p = chance(right, trials);
    const levels = matched ? "loudness matched" : "levels as they are";
    stop(`${names[a]} | ${names[b]} | ${right} of ${trials} right, p = ${shown(p)}, ${levels}`);
    show(
      make("h3", `${right} of ${trials} right, p = ${shown(p)}`, { role: "status" }),
      make("p", `Who only guesses gets ${right} or more right with this probability (binomial, ` +
        `one-sided, exact). ${p < 0.05
          ? "You heard a difference."
          : "No difference was shown, which does not show that there is none."}`),
      line(button("Another test", setUp, { class: "strong" }), button("Close", close)),
      history(),
    );
    panel.querySelector("button").focus();
    panel.dispatchEvent(new CustomEvent("sepmodels-abx", {
      bubbles: true, composed: true,
      detail: { a: names[a], b: names[b], trials, right, p, matched, given },
    }));
  }

  // Every test is on the list, those given up too: the best of many proves nothing.
  function history() {
    const list = make("ol", "", { "aria-label": "Tests so far" });
    list.append(...past.map(text => make("li", text)));
    return list;
  }

  return {
    get running() { return state !== null; },
    open: () => panel.hidden ? setUp() : close(),
    refresh: () => { if (!panel.hidden && !state) setUp(); },
    listen,
  };
}
