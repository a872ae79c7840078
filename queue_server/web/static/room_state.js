// Whether the room is open, pauses or is closed; and the questions before that changes, with what would become of its people.
import { byId, element, icon, say, show, text, about } from './page.js'
import { reasons } from './ask.js'

const PAUSE_REASONS = ['break', 'emergency', 'meeting', 'equipment', 'cleaning', 'other']
const PAUSE_MINUTES = [5, 10, 15, 30, 45, 60, 90]
const ICONS = { open: 'door-open', paused: 'pause', closed: 'lock' }

export const stateOf = (room) => (!room.open ? 'closed' : room.pause ? 'paused' : 'open')

export function drawRoomState(room) {
  const now = stateOf(room)
  byId('room-state').dataset.state = now
  byId('room-state-icon').className = `icon icon-${ICONS[now]}`
  const pause = room.pause && { time: clock(room.pause.until), reason: text(`pause.${room.pause.reason}`) }
  say(byId('room-state-text'), text(`state.${now}`, pause ?? {}))
  show(byId('do-pause'), now === 'open')
  show(byId('do-close'), now !== 'closed')
  show(byId('do-open'), now !== 'open')
}

// What stands against it, as a text's key; null = nothing.
export function roomReasonAgainst(name, room) {
  const now = stateOf(room)
  if (name === 'open') return now === 'open' ? 'why.room_open' : null
  return now === 'closed' ? 'why.room_closed' : null
}

// `handover` is the server's preview of who would go where.
export function pauseQuestion(room, handover) {
  const going = handover.moves.filter((move) => move.room)
  const fields = [{ name: 'minutes', label: text('pause.minutes'), options: PAUSE_MINUTES.map((count) => [String(count), text('hold.minutes.some', { count })]) }]
  const places = [['', text('pause.people.stay')], ['move', text('pause.people.move', { count: going.length })]]
  if (going.length > 0) fields.push({ name: 'people', label: text('pause.people', { count: handover.moves.length }), options: places })
  return {
    heading: text('pause.heading', { room: room.number }), fields, choices: reasons('pause', PAUSE_REASONS),
    details: ({ people }) => (people ? moves(handover) : []),
  }
}

export function pauseBody(room, handover, reason, { minutes, people }) {
  return { room_id: room.room_id, minutes: Number(minutes), reason, handover: people ? handover.token : null }
}

export function closeQuestion(room, handover) {
  const count = handover.moves.filter((move) => move.room).length
  const label = count > 0 ? text('close.move', { count }) : text('close.only')
  return { heading: text('close.heading', { room: room.number }), choices: [{ value: 'close', label, icon: 'lock' }], details: () => moves(handover) }
}

// One line for each person: where to, how many are before them there, how long it would take.
function moves(handover) {
  const staying = handover.moves.filter((move) => !move.room)
  const going = handover.moves.filter((move) => move.room)
  const parts = []
  if (handover.moves.length === 0) parts.push(element('p', { className: 'muted' }, text('moves.nobody')))
  if (going.length > 0) {
    const list = element('ol', { className: 'moves', tabIndex: 0 }, ...going.map(moveRow))
    list.setAttribute('aria-label', text('moves.label'))
    parts.push(list)
  }
  if (staying.length > 0) {
    const numbers = staying.map(({ entry }) => entry.number).join(', ')
    parts.push(element('p', { className: 'note note-warning' }, icon('triangle-alert'), element('span', {}, text('moves.stay', { numbers }))))
  }
  return parts
}

function moveRow({ entry, room, people_ahead, wait }) {
  const to = element('span', { className: 'to' }, icon('arrow-right'), text('moves.room', { room: room.number }))
  return element('li', {}, element('strong', {}, entry.number), to, element('span', { className: 'muted' }, expected(entry, people_ahead, wait)))
}

function expected(entry, ahead, wait) {
  if (entry.pooled) return text('pooled')
  if (entry.state !== 'waiting') return text(`moves.${entry.state}`)
  if (wait.high_minutes === null) return text('moves.unknown', { ahead })
  return text('moves.wait', { ahead, low: wait.low_minutes, high: wait.high_minutes })
}

function clock(at) {
  return new Date(at).toLocaleTimeString(about.language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}
