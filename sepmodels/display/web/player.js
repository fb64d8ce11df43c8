// What is seen: a card with the transport, a row per stem, and the blind test.
const PLAY = '<path d="M6 3.5v17l15-8.5z"/>';
const PAUSE = '<path d="M5 3h5v18H5zM14 3h5v18h-5z"/>';
const LOOP = '<path d="M17 2l4 4-4 4M3 11V9a3 3 0 0 1 3-3h15M7 22l-4-4 4-4M21 13v2a3 3 0 0 1-3 3H3"/>';
const svg = path => `<svg viewBox="0 0 24 24" aria-hidden="true">${path}</svg>`;
const clock = s => `${Math.floor(s / 60)}:${(s % 60 < 10 ? "0" : "") + (Math.floor(s % 60 * 10) / 10).toFixed(1)}`;
const mel = hertz => Math.log10(1 + hertz / 700);
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200];  // seconds
const PITCHES = [[200, "200 Hz"], [500, "500"], [1000, "1 k"], [2000, "2 k"], [4000, "4 k"], [8000, "8 k"]];

function setUp(host) {
  host.dataset.ready = "";
  const shadow = host.shadowRoot || host.attachShadow({ mode: "open" });
  // Without Web Audio, or where a browser cannot decode the sound: one native player per stem.
  const fallBack = () => { shadow.innerHTML = "<slot></slot>"; };
  if (!window.AudioContext && !window.webkitAudioContext) return fallBack();

  const { title, large } = host.dataset;
  const total = Number(host.dataset.seconds);
  const figures = [...host.querySelectorAll("figure")];
  const names = figures.map(figure => figure.querySelector("figcaption").textContent);
  const pictures = figures.map(figure => figure.querySelector("img"));
  const sound = new Transport(
    figures.map(figure => figure.querySelector("audio").src),
    figures.map(figure => Number(figure.dataset.match)), Number(host.dataset.gain), total,
  );
  let draft = null;  // [from, to] in seconds: what is being dragged
  let busy = false;

  shadow.innerHTML = `<style>${STYLE}</style><div class="card" tabindex="0" role="group"><header>
    <button class="play" aria-label="Play">${svg(PLAY)}</button>
    <div class="words"><div class="title" role="heading" aria-level="2"></div><div class="clock"></div></div>
    <div class="tools">
      <button class="tool match" aria-pressed="false"
        title="Bring all stems to one loudness (ITU-R BS.1770)">Loudness<span>: as it is</span></button>
      <button class="tool test" aria-expanded="false" title="Blind test of two stems">A/B/X</button>
      <button class="tool loop" aria-label="Loop" aria-pressed="true" title="Loop (L)">${svg(LOOP)}</button>
    </div></header>
    <div class="stage"><div class="scale" aria-hidden="true"><div class="now"></div></div>
      <div class="view lane"><div class="part"></div><div class="cursor"></div></div></div>
    <div class="stems"></div>
    <div class="ruler lane" role="slider" tabindex="0" aria-label="Position" aria-valuemin="0"><div
      class="part"></div><div class="cursor"></div></div>
    <section class="panel" aria-label="Blind test" hidden></section>
    <div class="hint"></div></div>`;
  const find = selector => shadow.querySelector(selector);
  const card = find(".card"), view = find(".view"), ruler = find(".ruler");
  find(".title").textContent = title;
  if (!title) find(".title").remove();
  card.setAttribute("aria-label", title || "Stems");
  ruler.setAttribute("aria-valuemax", total.toFixed(1));
  const hint = [`1-${figures.length}: switch`].filter(() => figures.length > 1);
  find(".hint").textContent =
    ["space: play", ...hint, "← →: seek", "drag, or I and O: loop a part", "esc: whole"].join(" · ");
  if (figures.length < 2) for (const name of [".match", ".test"]) find(name).remove();

  // === Rows, the large picture, the ruler ===
  const rows = figures.map((figure, i) => {
    const row = document.createElement("div");
    row.className = "stem";
    row.style.setProperty("--color", figure.dataset.color);
    row.innerHTML = `<button class="name"><span class="dot"></span><span class="label"><span></span><span
      class="level"></span></span><kbd>${i + 1}</kbd></button><div class="lane"><div class="part"></div>
      <div class="cursor"></div></div>`;
    row.querySelector(".label span").textContent = names[i];
    if (figures.length < 2 || figures.length > 9) row.querySelector("kbd").remove();
    const lane = row.querySelector(".lane");
    if (pictures[i]) lane.prepend(pictures[i].cloneNode());
    else lane.classList.add("plain");
    row.querySelector(".name").onclick = () => choose(i);
    drag(lane, () => choose(i));
    find(".stems").append(row);
    return row;
  });
  const pitch = PITCHES.filter(([hertz]) => hertz < 0.9 * host.dataset.highest);
  find(".scale").innerHTML += pitch.map(([hertz, text]) =>
    `<span style="bottom:${100 * mel(hertz) / mel(host.dataset.highest)}%">${text}</span>`).join("");
  view.prepend(...pictures.filter(Boolean).map(picture => picture.cloneNode()));
  find(".stage").hidden = large !== "true";
  drag(view, () => {});
  const step = STEPS.find(s => total / s <= 8) || STEPS.at(-1);
  for (let s = 0; s < total - step / 4; s += step) {
    const mark = document.createElement("span");
    mark.style.left = `${100 * s / total}%`;
    mark.textContent = step < 1 ? `${s.toFixed(1)} s` : clock(s).slice(0, -2);
    ruler.append(mark);
  }

  function draw() {
    if (sound.ended) { sound.halt(); sound.offset = 0; }
    if (sound.playing && !host.isConnected) return sound.close();  // its cell ran again
    const now = sound.position, part = draft || sound.part;
    for (const lane of shadow.querySelectorAll(".lane")) {
      lane.querySelector(".cursor").style.transform = `translateX(${100 * now / total}%)`;
      const shade = lane.querySelector(".part").style;
      shade.display = part ? "block" : "none";
      if (!part) continue;
      shade.left = `${100 * part[0] / total}%`;
      shade.width = `${100 * (part[1] - part[0]) / total}%`;
    }
    find(".clock").textContent = `${clock(now)} / ${clock(total)}`;
    ruler.setAttribute("aria-valuenow", now.toFixed(1));
    find(".loop").setAttribute("aria-pressed", sound.looping);
    const button = find(".play"), label = sound.playing ? "Pause" : "Play";
    if (button.ariaLabel !== label) {
      button.setAttribute("aria-label", label);
      button.innerHTML = svg(sound.playing ? PAUSE : PLAY);
    }
  }
  function animate() {
    draw();
    if (sound.playing) requestAnimationFrame(animate);
  }

  // === What a listener does ===
  const play = async () => {
    if (busy) return;
    busy = true;
    document.dispatchEvent(new CustomEvent("sepmodels-play", { detail: host }));
    find(".play").toggleAttribute("data-busy", true);
    try {
      await sound.play();
    } catch (error) {
      console.warn(`sepmodels: ${error}`);
      return fallBack();
    } finally {
      busy = false;
      find(".play")?.removeAttribute("data-busy");
    }
    animate();
  };
  const toggle = () => { if (sound.playing) { sound.halt(); draw(); } else play(); };
  const choose = i => {
    sound.choose(i);
    rows.forEach((row, j) => {
      row.toggleAttribute("data-on", i === j);
      row.querySelector(".name").setAttribute("aria-pressed", i === j);
    });
    view.querySelectorAll("img").forEach((picture, j) => picture.toggleAttribute("data-on", i === j));
    find(".now").textContent = names[i];
    card.style.setProperty("--accent", figures[i].dataset.color);
  };
  const match = () => {
    if (test.running) return;
    sound.match(!sound.matched);
    find(".match").setAttribute("aria-pressed", sound.matched);
    find(".match span").textContent = sound.matched ? ": matched" : ": as it is";
    rows.forEach((row, i) => {
      const change = sound.matches[i];
      row.querySelector(".level").textContent =
        sound.matched ? `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(1)} dB` : "";
    });
    test.refresh();
  };
  const test = blindTest(find(".panel"), names, sound, {
    // Pictures, colours and names would tell what X is.
    cover: () => {
      card.toggleAttribute("data-blind", true);
      if (find(".match")) find(".match").disabled = true;
    },
    uncover: () => {
      card.removeAttribute("data-blind");
      find(".match").disabled = false;
      choose(sound.chosen);
    },
    listen: i => sound.choose(i),
  });
  const openTest = () => {
    test.open();
    find(".test").setAttribute("aria-expanded", !find(".panel").hidden);
  };
  const act = change => () => { change(); draw(); };
  const seek = seconds => act(() => sound.seek(seconds()));
  const hop = Math.min(2, total / 20);
  const keys = {
    " ": toggle,
    l: act(() => sound.loop(!sound.looping)),
    i: act(() => sound.loopOver(sound.position, sound.bounds[1])),
    o: act(() => sound.loopOver(sound.bounds[0], sound.position)),
    Home: seek(() => sound.bounds[0]),
    Escape: act(() => sound.restart(() => { sound.part = null; })),
    ArrowLeft: seek(() => sound.position - hop),
    ArrowRight: seek(() => sound.position + hop),
    ArrowUp: () => test.running || choose((sound.chosen + rows.length - 1) % rows.length),
    ArrowDown: () => test.running || choose((sound.chosen + 1) % rows.length),
  };
  card.onkeydown = event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // A menu keeps its keys, and so does a button on which a slip would count.
    if (event.target.closest("select") || (event.target.closest("[data-native]") && event.key === " "))
      return event.stopPropagation();
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const number = event.key === " " ? -1 : Number(event.key) - 1;
    if (test.running && "abx".includes(key)) test.listen(key.toUpperCase());
    else if (!test.running && rows[number]) choose(number);
    else if (keys[key]) keys[key]();
    else return;
    event.preventDefault();  // nor may the notebook take the key for itself
    event.stopPropagation();
  };

  function drag(lane, chosen) {
    let down = null;
    const seconds = event => {
      const box = lane.getBoundingClientRect();
      return total * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    lane.onpointerdown = event => {
      down = { x: event.clientX, at: seconds(event) };
      lane.setPointerCapture(event.pointerId);
    };
    lane.onpointermove = event => {
      if (!down || (!draft && Math.abs(event.clientX - down.x) < 6)) return;
      draft = [down.at, seconds(event)].sort((a, b) => a - b);
      draw();
    };
    lane.onpointercancel = () => { down = draft = null; };
    lane.onpointerup = () => {
      if (!down) return;
      const at = down.at, ends = draft;
      down = draft = null;
      chosen();
      if (ends) sound.restart(() => { sound.loopOver(...ends); sound.offset = ends[0]; });
      else sound.seek(at);
      draw();
    };
  }
  drag(ruler, () => {});

  find(".play").onclick = toggle;
  find(".loop").onclick = keys.l;
  if (find(".test")) {
    find(".match").onclick = match;
    find(".test").onclick = openTest;
    find(".panel").addEventListener("click", () =>
      find(".test").setAttribute("aria-expanded", !find(".panel").hidden));
  }
  document.addEventListener("sepmodels-play", event => {
    if (event.detail !== host && sound.playing) { sound.halt(); draw(); }
  });
  host.transport = sound;
  choose(0);
  draw();
}
document.querySelectorAll(".sepmodels-player:not([data-ready])").forEach(setUp);
