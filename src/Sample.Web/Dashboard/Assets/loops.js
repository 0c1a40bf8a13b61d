// Shows the figures that the server sends, and says why when none come. Counts are totals: what is shown per second is the difference of two of them.
'use strict';

const seconds = 30; // what the charts show

clearTimeout(scriptIsLate);

const put = (id, text) => { document.getElementById(id).textContent = text; };
const number = n => n.toLocaleString('en', { maximumFractionDigits: n < 10 ? 1 : 0 });
const bytes = n => {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) { n /= 1024; unit++; }
  return `${n.toFixed(unit ? 1 : 0)} ${units[unit]}`;
};

// ---- Figures

let last; // the frame before
let lastCame = opened; // when it came

const showProcess = now => {
  const { process } = now;
  const loops = process.loops ? ` · ${process.loops} ${process.loops === 1 ? 'loop' : 'loops'} · ${process.scheduling}` : '';
  put('transport', process.transport);
  say(`${process.runtime} · ${process.processorCount} processors${loops} · up ${Math.floor(process.uptimeSeconds)} s`);
  put('connections', number(process.connections));
  put('heap', bytes(process.heapBytes));
  put('workingSet', bytes(process.workingSet));
  put('collections', process.collections.join(' / '));
  put('threads', process.threadCount);
  put('descriptors', process.openDescriptors ?? '–');
  if (process.auto) {
    put('takeOvers', number(process.auto.takeOvers));
    put('moves', `${number(process.auto.movesToPool)} / ${number(process.auto.movesToLoop)}`);
  }
  if (now.transport) {
    const { driving, reserve, lent, heldUp } = now.transport.threads;
    put('standbys', `${driving} / ${reserve} / ${heldUp} / ${lent}`);
  }
};

// As .NET writes a time: hours:minutes:seconds.
const milliseconds = time => 1_000 * time.split(':').reduce((sum, part) => 60 * sum + Number(part), 0);
const cell = (row, text) => { row.insertCell().textContent = text; };

const showLoops = now => {
  const loops = now.transport?.loops ?? [];
  document.getElementById('loopsPart').hidden = loops.length === 0;
  const body = document.createElement('tbody');
  body.id = 'loops';
  for (const loop of loops) {
    const row = body.insertRow();
    cell(row, loop.index);
    cell(row, `${(100 * loop.utilization).toFixed(0)} %`);
    cell(row, `thread ${loop.threadId}`);
    cell(row, loop.state);
    cell(row, loop.callbackAge ? `${number(milliseconds(loop.callbackAge))} ms` : '–');
    cell(row, `${number(milliseconds(loop.lag))} ms`);
    cell(row, number(loop.workQueueLength + loop.runQueueLength));
    cell(row, number(loop.connections));
    cell(row, number(loop.takeOvers));
  }
  document.getElementById('loops').replaceWith(body);
};

const show = now => {
  showProcess(now);
  showTrial(now.trial);
  const time = now.process.uptimeSeconds - (last?.process.uptimeSeconds ?? 0);
  const comparable = last && last.process.processId === now.process.processId && time > 0;
  if (comparable) {
    const rate = read => Math.max(0, read(now) - read(last)) / time;
    const perLoop = read => now.transport.loops.map((loop, i) => read(loop, last.transport.loops[i]));
    const requests = rate(f => f.requests);
    put('requestsNow', number(requests));
    put('cpu', `${(100 * rate(f => f.process.cpuSeconds)).toFixed(0)} %`);
    put('allocated', bytes(rate(f => f.process.allocatedBytes)));
    const point = { requests: [requests], connections: [now.process.connections] };
    if (now.transport && last.transport?.loops.length === now.transport.loops.length) {
      point.utilization = now.transport.loops.map(loop => 100 * loop.utilization);
      point.lag = now.transport.loops.map(loop => milliseconds(loop.lag));
      point.events = perLoop((loop, before) => loop.waits > before.waits ? (loop.events - before.events) / (loop.waits - before.waits) : null);
      point.reactions = now.process.auto && ['takeOvers', 'movesToPool', 'standbyLoans'].map(name => rate(f => f.process.auto[name]));
    }
    chart(now.process.uptimeSeconds, point);
  } else {
    startCharts(now);
  }
  showLoops(now);
  last = now;
};

// ---- Charts, drawn with uPlot

const dark = matchMedia('(prefers-color-scheme: dark)');
const shade = i => `hsl(${(210 + 137.5 * i) % 360} 70% ${dark.matches ? 65 : 40}%)`;

let loopCount = 0;
let points = []; // { at, requests: [..], … }, oldest first
let plots = [];

const eachLoop = () => Array.from({ length: loopCount }, (_, i) => `loop ${i}`);
const labels = {
  requests: () => ['requests/s'],
  connections: () => ['connections'],
  utilization: eachLoop,
  lag: eachLoop,
  events: eachLoop,
  reactions: () => ['take-overs', 'moved to the pool', 'threads lent'],
};

const plot = figure => {
  const name = figure.dataset.chart;
  const series = labels[name]();
  const probe = document.createElement('i'); // resolves light-dark(…), which a canvas does not know
  const resolved = variable => { probe.style.color = `var(${variable})`; figure.append(probe); const value = getComputedStyle(probe).color; probe.remove(); return value; };
  const [quiet, line] = [resolved('--quiet'), resolved('--line')];
  const axis = { stroke: quiet, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const options = {
    width: figure.clientWidth - 16,
    height: 170,
    cursor: { drag: { x: false, y: false } },
    legend: { show: series.length > 1 && series.length <= 8, live: false },
    scales: { x: { time: false, range: () => [-seconds, 0] }, y: { range: (_, min, max) => [0, name === 'utilization' ? 100 : Math.max(max * 1.1, 1)] } },
    axes: [{ ...axis, size: 28, values: (_, ticks) => ticks.map(tick => `${tick} s`) }, { ...axis, size: 52, values: (_, ticks) => ticks.map(number) }],
    series: [{}, ...series.map((label, i) => ({ label, stroke: shade(i), width: 2, fill: series.length === 1 ? `color-mix(in srgb, ${shade(i)} 15%, transparent)` : undefined, spanGaps: true, points: { show: false } }))],
  };
  return { name, figure, count: series.length, uplot: new uPlot(options, dataOf(name, series.length), figure) };
};

const dataOf = (name, count) => {
  const now = points.at(-1)?.at ?? 0;
  return [points.map(p => p.at - now), ...Array.from({ length: count }, (_, i) => points.map(p => p[name]?.[i] ?? null))];
};

const draw = () => {
  if (!window.uPlot) return;
  const charts = document.getElementById('charts');
  charts.hidden = false;
  plots.forEach(p => p.uplot.destroy());
  for (const figure of charts.children) figure.hidden = loopCount === 0 && 'epoll' in figure.dataset;
  plots = [...charts.children].filter(figure => !figure.hidden).map(plot);
};

const startCharts = now => {
  points = [];
  loopCount = now.transport?.loops.length ?? 0;
  draw();
};

const chart = (at, point) => {
  points.push({ at, ...point });
  while (points[0].at < at - seconds) points.shift();
  for (const p of plots) {
    p.uplot.setData(dataOf(p.name, p.count));
    p.figure.querySelector('output').textContent = p.count === 1 ? number(point[p.name][0]) : '';
  }
};

const load = (tag, attributes) => new Promise((resolve, reject) => {
  document.head.append(Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: () => reject(new Error(attributes.src ?? attributes.href)) }));
});

Promise.all([load('script', { src: '/loops/uPlot.min.js' }), load('link', { rel: 'stylesheet', href: '/loops/uPlot.min.css' })])
  .then(draw)
  .catch(missing => {
    const note = document.getElementById('chartless');
    note.textContent = `No charts: ${missing.message} could not be loaded. The figures are live all the same.`;
    note.hidden = false;
  });

dark.addEventListener('change', draw);
new ResizeObserver(() => plots.forEach(p => p.uplot.setSize({ width: p.figure.clientWidth - 16, height: 170 }))).observe(document.getElementById('charts'));

// ---- Trials

const buttons = [...document.querySelectorAll('[data-trial]')];

const showTrial = trial => {
  buttons.forEach(button => { button.disabled = Boolean(trial?.running); });
  if (!trial) return;
  const failed = trial.failed ? `, ${number(trial.failed)} failed: ${trial.error}` : '';
  put('trial', trial.running
    ? `A trial with ${trial.title} goes on for ${Math.ceil(trial.secondsLeft)} s: ${number(trial.answered)} answers${failed}`
    : `The trial with ${trial.title} ended: ${number(trial.answered)} answers${failed}`);
};

const start = async button => {
  const response = await fetch(`/loops/trials/${button.dataset.trial}`, { method: 'POST' }).catch(() => null);
  if (response?.ok) return showTrial(await response.json());
  put('trial', response ? await response.text() : 'The server cannot be reached.');
};
buttons.forEach(button => button.addEventListener('click', () => start(button)));

// ---- The stream

let stream;
let asking = false;

// A browser does not tell a page why its stream of events fails: one request more does.
const why = async () => {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), 1_000);
  try {
    const response = await fetch('/loops/events', { signal: end.signal, cache: 'no-store' });
    if (!response.ok) return `the server answers ${response.status}: ${(await response.text()).slice(0, 200).trim()}`;
    return 'the stream of figures broke off';
  } catch {
    return end.signal.aborted ? 'the server does not answer' : 'the server cannot be reached';
  } finally {
    clearTimeout(timer);
    end.abort();
  }
};

const listen = () => {
  stream = new EventSource('/loops/events');
  stream.addEventListener('figures', event => {
    lastCame = performance.now();
    show(JSON.parse(event.data));
  });
  stream.onerror = async () => {
    const own = stream;
    last = undefined;
    if (!asking) {
      asking = true;
      const reason = await why();
      asking = false;
      if (!last) say(`No figures: ${reason}. Trying again…`, true);
    }
    if (own.readyState === EventSource.CLOSED && own === stream) setTimeout(listen, 2_000); // after an answer that is no stream a browser gives up
  };
};

setInterval(() => {
  const silence = performance.now() - lastCame;
  if (silence > patience && !asking && !state.classList.contains('bad')) {
    say(stream.readyState === EventSource.OPEN
      ? 'No figures: the stream is open, but nothing comes. Does a proxy collect it?'
      : 'No figures: the server does not answer. Trying again…', true);
  }
}, 250);

listen();
