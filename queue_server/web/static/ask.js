// A small window to choose from: why somebody is held or called out of turn, where somebody is sent on to.
import { byId, element, icon, say, show, text } from './page.js'

const dialog = byId('ask')
let chosen = null
let detail = null

export const asking = () => dialog.open

// question: { heading, hint?, choices: [{ value, label, icon?, key?, primary? }], fields: [{ name, label, options: [[value, label]] }],
// picks: [{ value, label, detail?, alone? }], picked: [value], picking(picked, button of the first choice) }.
// A field's `groups` are [{ label, options }], nothing is chosen while a `required` one is empty; one with `maxLength` is a line
// of text. Picks are turned on and off before a choice is made; one that stands `alone` turns off the others.
// details({ name: value }) gives what is shown above the choices for what is chosen in the fields.
// done(value, { name: value of each field }, [picked values]). Digits choose too; Escape is "no".
export function ask(question, done) {
  const picked = new Set(question.picked)
  chosen = (value) => {
    const missing = byId('ask-fields').querySelector('select:invalid')
    if (missing) return missing.reportValidity() || missing.focus()
    const fields = filled()
    leave()
    done(value, fields, [...picked])
  }
  const picks = question.picks ?? []
  say(byId('ask-heading'), question.heading)
  say(byId('ask-hint'), question.hint ?? '')
  show(byId('ask-hint'), Boolean(question.hint))
  byId('ask-fields').replaceChildren(...(question.fields ?? []).map(field))
  byId('ask-choices').replaceChildren(...question.choices.map((one, index) => choice(one, picks.length > 0 ? '' : index + 1)))
  drawPicks(picks, picked, (now) => question.picking?.(now, byId('ask-choices').firstElementChild))
  detail = () => byId('ask-details').replaceChildren(...(question.details?.(filled()) ?? []))
  detail()
  dialog.showModal()
  const first = picks.length > 0 ? null : byId('ask-fields').querySelector('select')
  const target = first ?? byId('ask-choices').querySelector('button')
  target?.focus()
}

function leave() {
  dialog.close()
  document.activeElement?.blur() // so that keys are the panel's again, not of what had the focus here or before
}

const filled = () => Object.fromEntries([...byId('ask-fields').querySelectorAll('select, input')].map((one) => [one.name, one.value]))

function drawPicks(picks, picked, changed) {
  const buttons = picks.map((one, index) => {
    const words = element('span', {}, one.label, ...(one.detail ? [element('small', {}, one.detail)] : []))
    const button = keyButton(index + 1, words, icon('check'))
    button.addEventListener('click', () => {
      if (picked.has(one.value)) picked.delete(one.value)
      else {
        for (const other of picks) if (one.alone || other.alone) picked.delete(other.value)
        picked.add(one.value)
      }
      redraw()
    })
    return button
  })
  function redraw() {
    buttons.forEach((button, index) => button.setAttribute('aria-pressed', String(picked.has(picks[index].value))))
    changed([...picked])
  }
  byId('ask-picks').replaceChildren(...buttons)
  redraw()
}

function field({ name, label, options = [], groups = [], required = false, maxLength }) {
  const drawn = (pairs) => pairs.map(([value, words]) => element('option', { value }, words))
  const parts = groups.map((group) => element('optgroup', { label: group.label }, ...drawn(group.options)))
  const made = maxLength
    ? element('input', { name, maxLength, type: 'text', autocomplete: 'off' })
    : element('select', { name, required }, ...drawn(options), ...parts)
  return element('label', {}, element('span', {}, label), made)
}

function choice({ value, label, icon: drawing, key, primary }, digit) {
  const button = keyButton(key ?? digit, element('span', {}, label), ...(drawing ? [icon(drawing)] : []))
  if (primary) button.className = 'primary'
  button.addEventListener('click', () => chosen(value))
  return button
}

// A button that its key presses too: a digit, or the name of a key that does so by itself.
function keyButton(key, ...inside) {
  const drawn = typeof key === 'number' && key > 9 ? '' : String(key)
  return element('button', { type: 'button', className: 'key', data: { key: drawn } }, ...(drawn ? [element('kbd', {}, drawn)] : []), ...inside)
}

byId('ask-fields').addEventListener('change', () => detail())
byId('ask-cancel').addEventListener('click', leave)
dialog.addEventListener('click', (event) => event.target === dialog && leave())
dialog.addEventListener('cancel', (event) => {
  event.preventDefault()
  leave()
})
dialog.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.target.matches('select, input')) return
  const button = /^[0-9]$/.test(event.key) ? dialog.querySelector(`[data-key="${event.key}"]`) : null
  if (!button) return
  event.preventDefault()
  button.click()
})

export const reasons = (prefix, names) => names.map((name) => ({ value: name, label: text(`${prefix}.${name}`) }))
