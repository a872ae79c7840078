// Small things every page's script uses. Texts and facts come as data blocks of the page.
function block(id) {
  const element = document.getElementById(id)
  return element ? JSON.parse(element.textContent) : {}
}

const texts = block('texts')
export const about = block('about')
export const byId = (id) => document.getElementById(id)

export function text(key, values = {}) {
  const found = texts[key] ?? key
  return found.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place))
}

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'data') Object.assign(made.dataset, value)
    else made[name] = value
  }
  made.append(...children)
  return made
}

export function icon(name) {
  const made = element('span', { className: `icon icon-${name}` })
  made.setAttribute('aria-hidden', 'true')
  return made
}

export function show(target, visible) {
  target.hidden = !visible
}

// A name in the reader's language, else in Vietnamese, else in any.
export const named = (names) => names[about.language] ?? names.vi ?? Object.values(names)[0] ?? ''

// Writes only what differs, so that screen readers are not told the same again.
export function say(target, words) {
  if (target.textContent !== words) target.textContent = words
}

export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

// Who signs out is led away by that alone, and not also by the feed, which hears at once that the session has ended.
export const session = { ending: false }

export async function signOut() {
  session.ending = true
  const headers = { 'content-type': 'application/json' }
  await fetch('/api/sign-out', { method: 'POST', headers, body: '{}' }).catch(() => undefined)
  location.assign('/staff/sign-in')
}
