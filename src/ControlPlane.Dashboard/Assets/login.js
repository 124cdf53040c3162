// The token of a login link is the fragment: it is sent once, and taken out of the address before anybody sees it.
const message = document.getElementById('message');
async function redeem() {
  const token = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  if (!token) return;
  const answer = await fetch('login', { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: token });
  if (answer.ok) location.reload();
  else message.textContent = 'This link was used already, or is not from this server. Start again from the link the server printed last.';
}
redeem();
