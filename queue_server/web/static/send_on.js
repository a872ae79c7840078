// Sending on by the journey: what is offered, with the way that the journey names already picked.
import { ask } from './ask.js'
import { named, say, text } from './page.js'

export const NOTE = { name: 'note', label: text('note.label'), maxLength: 200 }

const words = (step) => named(step.service_names) + (step.room_number ? `, ${text('send_on.room', { room: step.room_number })}` : '')

function stepsOf({ any_of, one_of }) {
  return [...any_of, ...one_of]
}

// What follows if staff choose nothing, in words.
export function byDefault(offered) {
  const found = offered.default.map((name) => stepsOf(offered).find(({ step }) => step === name)).filter(Boolean)
  return found.map(words).join(' → ')
}

// send(steps, note) or end().
export function askSendOn(entry, offered, send, end) {
  const picks = [
    ...offered.any_of.map((step) => ({ value: step.step, label: words(step) })),
    ...offered.one_of.map((step) => ({ value: step.step, label: words(step), alone: true })),
  ].map((pick) => (offered.default.includes(pick.value) ? { ...pick, detail: text('send_on.default') } : pick))
  const question = {
    heading: text('send_on.heading', { number: entry.number }),
    hint: offered.any_of.length > 1 ? text('send_on.several') : '',
    picks,
    picked: offered.default,
    fields: [NOTE],
    choices: [
      { value: 'send', label: text('send_on.go'), icon: 'arrow-right', key: 'Enter', primary: true },
      { value: 'end', label: text('do.end_visit'), icon: 'circle-check', key: '0' },
    ],
    picking(picked, button) {
      button.disabled = picked.length === 0
      say(button.querySelector('span'), picked.length > 1 ? text('send_on.go_several', { count: picked.length }) : text('send_on.go'))
    },
  }
  ask(question, (value, { note }, picked) => (value === 'end' ? end() : send(picked, note || null)))
}
