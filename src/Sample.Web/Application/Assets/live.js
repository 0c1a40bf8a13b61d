// Shows the changes of others as they happen. The hub's messages are hints; what the list says is the truth, so the page looks at it again
// when the connection comes back, when the page is looked at again, and now and then.
'use strict';

const lookEvery = 10_000; // ms
const list = document.getElementById('issues');
const template = document.getElementById('row');
const only = list.dataset.only;
const filter = list.dataset.filter || null;

const show = (text, state) => {
  const live = document.getElementById('live');
  live.textContent = text;
  live.className = `live ${state}`;
};

const fill = (row, issue) => {
  const closed = issue.state === 'closed';
  row.dataset.id = issue.id;
  row.classList.toggle('closed', closed);
  row.classList.toggle('open', !closed);
  row.querySelector('.title').textContent = issue.title;
  row.querySelector('.title').href = `/issues/${issue.id}`;
  row.querySelector('.details').textContent = issue.details;
  row.querySelector('.number').textContent = `#${issue.id}`;
  row.querySelector('.author').textContent = issue.author;
  const time = row.querySelector('time');
  time.dateTime = issue.createdAt;
  time.textContent = `${issue.createdAt.slice(0, 16).replace('T', ' ')} UTC`;
  row.querySelector('[name=id]').value = issue.id;
  row.querySelector('[name=state]').value = closed ? 'Open' : 'Closed';
  row.querySelector('button').textContent = closed ? 'Reopen' : 'Close';
};

// Where the row belongs: the list is sorted by number, newest first, and messages may come in any order.
const place = row => {
  const id = Number(row.dataset.id);
  list.insertBefore(row, [...list.children].find(other => Number(other.dataset.id) < id) ?? null);
};

const put = issue => {
  const row = list.querySelector(`[data-id="${issue.id}"]`);
  const fits = !filter || issue.state === filter;
  if (row) {
    fits ? fill(row, issue) : row.remove();
  } else if (fits && list.dataset.first && template) {
    const added = template.content.firstElementChild.cloneNode(true);
    fill(added, issue);
    added.classList.add('new');
    place(added);
  }
  const none = document.getElementById('none');
  if (none) none.hidden = list.children.length > 0;
};

const look = async () => {
  const response = await fetch(only ? `/api/issues/${only}` : '/api/issues?limit=50');
  const answer = await response.json().catch(() => ({ title: 'The server does not answer; trying again…' }));
  if (!response.ok) throw new Error(answer.title);
  (only ? [answer] : answer.items).forEach(put);

  const health = await (await fetch('/api/health')).json();
  if (hub.state !== signalR.HubConnectionState.Connected) return;
  health.live === false
    ? show('Changes made elsewhere show a little later', 'off')
    : show('Live', 'on');
};

const tryToLook = () => look().catch(error => show(error.message, 'off'));

const hub = new signalR.HubConnectionBuilder()
  .withUrl('/live')
  .withAutomaticReconnect({ nextRetryDelayInMilliseconds: tries => Math.min(5_000, 200 * 2 ** tries.previousRetryCount) })
  .configureLogging(signalR.LogLevel.None)
  .build();
hub.on('changed', put);
hub.onreconnecting(() => show('The connection is gone; trying again…', 'off'));
hub.onreconnected(tryToLook);

const start = async () => {
  try {
    await hub.start();
    await tryToLook();
  } catch {
    show('No live updates yet; trying again…', 'off');
    setTimeout(start, 2_000);
  }
};
hub.onclose(() => setTimeout(start, 2_000)); // the server ended it and said not to come back at once

document.addEventListener('visibilitychange', () => { if (!document.hidden) tryToLook(); });
setInterval(() => { if (!document.hidden) tryToLook(); }, lookEvery);
show('Connecting…', '');
start();
