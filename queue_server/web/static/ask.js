// A small window with a short list to choose from: why somebody is held, called out of turn, or sent on.
import { byId, element, icon, say, text } from './page.js'

const dialog = byId('ask')
let chosen = null
let detail = null

export const asking = () => dialog.open

// question: { heading, choices: [{ value, label, icon? }], fields: [{ name, label, options: [[value, label]] }] };
// a field's `groups` are [{ label, options }]; nothing is chosen while a `required` one is empty. details({ name: value })
// gives what is shown above the choices for what is chosen in the fields. done(value, { name: value of each field }). Digits choose too; Escape is "no".
export function ask(question, done) {
  chosen = (value) => {
    const missing = byId('ask-fields').querySelector('select:invalid')
    if (missing) return missing.reportValidity() || missing.focus()
    const fields = filled()
    leave()
    done(value, fields)
  }
  say(byId('ask-heading'), question.heading)
  byId('ask-fields').replaceChildren(...(question.fields ?? []).map(field))
  byId('ask-choices').replaceChildren(...question.choices.map(choice))
  detail = () => byId('ask-details').replaceChildren(...(question.details?.(filled()) ?? []))
  detail()
  dialog.showModal()
  const first = byId('ask-fields').querySelector('select') ?? byId('ask-choices').querySelector('button')
  first?.focus()
}

function leave() {
  dialog.close()
  document.activeElement?.blur() // so that keys are the panel's again, not of what had the focus here or before
}

const filled = () => Object.fromEntries([...byId('ask-fields').querySelectorAll('select')].map((one) => [one.name, one.value]))

function field({ name, label, options = [], groups = [], required = false }) {
  const drawn = (pairs) => pairs.map(([value, words]) => element('option', { value }, words))
  const parts = groups.map((group) => element('optgroup', { label: group.label }, ...drawn(group.options)))
  const made = element('select', { name, required }, ...drawn(options), ...parts)
  return element('label', {}, element('span', {}, label), made)
}

function choice({ value, label, icon: drawing }, index) {
  const button = element('button', { type: 'button', className: 'key' })
  if (index < 9) button.append(element('kbd', {}, String(index + 1)))
  button.append(element('span', {}, label), ...(drawing ? [icon(drawing)] : []))
  button.addEventListener('click', () => chosen(value))
  return button
}

byId('ask-fields').addEventListener('change', () => detail())
byId('ask-cancel').addEventListener('click', leave)
dialog.addEventListener('click', (event) => event.target === dialog && leave())
dialog.addEventListener('cancel', (event) => {
  event.preventDefault()
  leave()
})
dialog.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.matches('select')) return
  const button = /^[1-9]$/.test(event.key) ? byId('ask-choices').children[Number(event.key) - 1] : null
  if (!button) return
  event.preventDefault()
  button.click()
})

export const reasons = (prefix, names) => names.map((name) => ({ value: name, label: text(`${prefix}.${name}`) }))
