// Replaces each section by the server's latest rendering. Everything else is plain HTML.
const state = document.getElementById('state');
const live = new EventSource('live');
live.addEventListener('section', message => {
  const [id, html] = JSON.parse(message.data);
  const section = document.getElementById(id);
  if (section) section.innerHTML = html;
});
live.onopen = () => { state.textContent = 'live'; };
live.onerror = () => { state.textContent = 'connection lost, trying again'; };
