// What sounds: all stems run in step, one of them is audible. Nothing here is seen.
class Transport {
  // sounds: data URLs; matches: dB that bring each stem to one loudness;
  // gain: what the stems were turned down by; total: seconds.
  constructor(sounds, matches, gain, total) {
    Object.assign(this, { sounds, matches, gain, total });
    this.part = null;  // [from, to] in seconds, where a part is looped
    this.looping = true;
    this.matched = false;
    this.chosen = 0;
    this.playing = false;
    this.offset = 0;  // where the song stands while it does not play
    this.origin = 0;  // the time of the context at which the song would have begun
    this.sources = [];
    this.gains = [];
    this.context = null;
    this.ready = null;
  }

  get bounds() { return this.part || [0, this.total]; }

  get position() {
    if (!this.playing) return this.offset;
    const [from, to] = this.bounds;
    const now = Math.max(this.offset, this.context.currentTime - this.origin);
    return this.looping && now >= to ? from + (now - from) % (to - from) : Math.min(now, this.total);
  }

  get ended() { return this.playing && !this.looping && this.position >= this.total; }

  async load() {
    this.context = new (window.AudioContext || window.webkitAudioContext)();
    this.meter = this.context.createAnalyser();
    this.meter.fftSize = 8192;
    this.meter.smoothingTimeConstant = 0;
    this.meter.connect(this.context.destination);
    const bytes = url => Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), c => c.charCodeAt(0)).buffer;
    this.buffers = await Promise.all(this.sounds.map(url => this.context.decodeAudioData(bytes(url))));
    this.gains = this.buffers.map((_, i) => {
      const gain = this.context.createGain();
      gain.gain.value = this.level(i);
      gain.connect(this.meter);
      return gain;
    });
  }

  async play() {
    this.ready ||= this.load();
    await this.ready;
    await this.context.resume();
    if (this.playing) return;
    const [from, to] = this.bounds, start = this.context.currentTime + 0.03;
    if (this.offset < from || this.offset >= to) this.offset = from;
    this.origin = start - this.offset;
    this.sources = this.buffers.map((buffer, i) => {
      const source = this.context.createBufferSource();
      Object.assign(source, { buffer, loop: this.looping, loopStart: from, loopEnd: to });
      source.connect(this.gains[i]);
      source.start(start, this.offset);
      return source;
    });
    this.playing = true;
  }

  halt() {
    this.offset = this.position;
    this.playing = false;
    this.sources.forEach(source => source.stop());
    this.sources = [];
  }

  close() {
    this.halt();
    this.context?.close();
  }

  level(i) {
    return i === this.chosen ? this.gain * (this.matched ? 10 ** (this.matches[i] / 20) : 1) : 0;
  }

  // A short fade: switching makes no click, and all stems run on in step.
  fade() {
    this.gains.forEach((gain, i) =>
      gain.gain.setTargetAtTime(this.level(i), this.context.currentTime, 0.006));
  }

  choose(i) {
    this.chosen = i;
    this.fade();
  }

  match(on) {
    this.matched = on;
    this.fade();
  }

  // Sources keep the loop that they were started with, so a change starts them again.
  restart(change) {
    const going = this.playing;
    if (going) this.halt();
    change();
    if (going) this.play();
  }

  seek(seconds) {
    this.restart(() => {
      this.offset = Math.min(Math.max(0, seconds), Math.max(0, this.total - 0.05));
      if (this.part && (this.offset < this.part[0] || this.offset >= this.part[1])) this.part = null;
    });
  }

  loop(on) {
    this.restart(() => {
      this.looping = on;
      if (!on) this.part = null;
    });
  }

  loopOver(from, to) {
    this.restart(() => {
      from = Math.max(0, Math.min(from, this.total - 0.05));
      this.part = [from, Math.min(this.total, Math.max(to, from + 0.05))];
      if (this.offset < from || this.offset >= this.part[1]) this.offset = from;
      this.looping = true;
    });
  }

  // The strongest frequency in what sounds right now, and its level: a proof of what is heard.
  heard() {
    if (!this.meter) return { hertz: 0, decibels: -Infinity };
    const levels = new Float32Array(this.meter.frequencyBinCount);
    this.meter.getFloatFrequencyData(levels);
    const best = levels.reduce((top, level, i) => level > levels[top] ? i : top, 0);
    return { hertz: best * this.context.sampleRate / this.meter.fftSize, decibels: levels[best] };
  }
}
