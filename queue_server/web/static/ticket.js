// Keeps the ticket page in step: asks for the page anew and takes its content over. Says so when it cannot.
const EVERY_MS = 3000
const HIDDEN_MS = 20000

async function refresh() {
  try {
    const answer = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(6000) })
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('ticket')
    const shown = document.getElementById('ticket')
    if (!fresh) throw new Error('no ticket in the answer')
    const changed = fresh.dataset.state !== shown.dataset.state || fresh.dataset.room !== shown.dataset.room
    if (changed && navigator.vibrate) navigator.vibrate(200)
    if (withoutTime(fresh) === withoutTime(shown)) shown.querySelector('.live').replaceWith(fresh.querySelector('.live'))
    else shown.replaceWith(fresh)
  } catch {
    const live = document.querySelector('#ticket .live')
    live.classList.add('gone')
    live.querySelector('.icon').className = 'icon icon-wifi-off'
    const words = live.querySelector('#live-text')
    words.textContent = words.dataset.gone
  }
  clearTimeout(coming)
  coming = setTimeout(refresh, document.hidden ? HIDDEN_MS : EVERY_MS)
}

// Only what changed is put in, so that a screen reader is not told the whole ticket every three seconds.
function withoutTime(ticket) {
  const copy = ticket.cloneNode(true)
  copy.querySelector('.live')?.remove()
  return copy.innerHTML
}

let coming = setTimeout(refresh, EVERY_MS)
document.addEventListener('visibilitychange', () => document.hidden || refresh())
