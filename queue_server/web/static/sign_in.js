import { byId, newId, show, text } from './page.js'

const form = byId('sign-in')
const trouble = byId('trouble')

function tell(words) {
  trouble.querySelector('span:last-child').textContent = words
  show(trouble, true)
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  show(trouble, false)
  const empty = ['username', 'password'].find((name) => !form[name].value)
  if (empty) {
    tell(text('missing'))
    form[empty].focus()
    return
  }
  const button = form.querySelector('button')
  button.disabled = true
  const body = { request_id: newId(), username: form.username.value.trim(), password: form.password.value }
  const headers = { 'content-type': 'application/json', 'accept-language': document.documentElement.lang }
  try {
    const answer = await fetch('/api/sign-in', { method: 'POST', headers, body: JSON.stringify(body) })
    if (answer.ok) {
      location.assign(form.dataset.then)
      return
    }
    tell((await answer.json()).message)
    form.password.value = ''
    form.password.focus()
  } catch {
    tell(text('away'))
  } finally {
    button.disabled = false
  }
})

form.querySelector('button').disabled = false
