// Choosing a room: the last one is offered first, typing narrows the list.
import { byId, show, signOut, text } from './page.js'

export const REMEMBERED = 'denluot.room'

byId('sign-out').addEventListener('click', signOut)

const links = [...document.querySelectorAll('.room-link')]
const last = links.find((link) => link.dataset.room === localStorage.getItem(REMEMBERED))
if (last) {
  byId('last').querySelector('a').href = last.href
  byId('last-text').textContent = text('last', { room: last.dataset.number })
  show(byId('last'), true)
}

const plain = (words) => words.normalize('NFD').replace(/\p{M}/gu, '').replace(/đ/gi, 'd').toLowerCase()
const search = byId('search')
search?.addEventListener('input', () => {
  const wanted = plain(search.value.trim())
  for (const link of links) show(link.parentElement, plain(link.textContent).includes(wanted))
  show(byId('nothing'), links.every((link) => link.parentElement.hidden))
})
search?.addEventListener('keydown', (event) => {
  const found = links.filter((link) => !link.parentElement.hidden)
  if (event.key === 'Enter' && search.value && found.length === 1) location.assign(found[0].href)
})
