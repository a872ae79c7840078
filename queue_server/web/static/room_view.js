// Drawing the staff panel. Only draws: what to do about a press is told by room.js.
import { about, byId, element, icon, say, show, text } from './page.js'
import { byDefault } from './send_on.js'

const SOON_MIN = 30 // a wait that is getting long, and one that is too long
const LONG_MIN = 45
const ROWS = 15
const SHOWN_WITHIN_MS = 3000
const HEARD_WITHIN_MS = 15000 // other numbers may be said first, and saying one takes some four seconds

export function drawBoard(board) {
  drawNow(board.current)
  const next = board.next
  say(byId('next-number'), next ? next.entry.number : '')
  show(byId('next-number'), Boolean(next))
  say(byId('next-why'), next ? next.sentence : text('nobody_next'))
  say(byId('waiting-title'), text('waiting', { count: board.waiting.length }))
  byId('waiting').replaceChildren(...board.waiting.slice(0, ROWS).map(waitingRow), ...more(board.waiting.length - ROWS))
  show(byId('nobody'), board.waiting.length === 0)
  say(byId('figures'), text('finished', { count: board.finished_today }))
}

function drawNow(current) {
  const number = byId('now-number')
  number.classList.toggle('none', !current)
  say(number, current ? current.entry.number : text('nobody_now'))
  say(byId('now-name'), current ? (current.patient?.name ?? text('no_name')) : '')
  say(byId('now-born'), current?.patient?.birth_year ?? '')
  drawOffered(current)
  const special = current && current.entry.priority.priority_class !== 'normal'
  show(byId('now-priority'), Boolean(special))
  if (special) say(byId('now-priority-text'), text(`class.${current.entry.priority.priority_class}`))
}

function drawOffered(current) {
  const offered = current?.offered
  show(byId('do-send-on'), Boolean(offered))
  show(byId('now-then'), Boolean(offered))
  if (offered) say(byId('now-then-text'), offered.default.length > 0 ? text('then', { steps: byDefault(offered) }) : text('then.end'))
  show(byId('now-note'), Boolean(current?.note))
  say(byId('now-note-text'), current?.note ?? '')
}

function waitingRow(one) {
  const minutes = one.minutes_waited
  const wait = minutes >= LONG_MIN ? 'long' : minutes >= SOON_MIN ? 'soon' : 'normal'
  const drawings = { normal: 'clock', soon: 'triangle-alert', long: 'circle-alert' }
  const special = one.entry.priority.priority_class !== 'normal'
  const kind = element('td', { className: 'class' }, ...(special ? [icon('hand-heart')] : []), text(special ? 'priority' : 'ordinary'))
  if (special) kind.title = text(`class.${one.entry.priority.priority_class}`)
  const left = element('td', { className: 'minutes' }, String(minutes))
  if (one.wait?.p50_minutes != null) {
    left.title = text('wait.still', { low: one.wait.p10_minutes, high: one.wait.p90_minutes, middle: one.wait.p50_minutes })
  }
  return element(
    'tr', { data: { wait, entry: one.entry.entry_id } },
    element('td', {}, opener(one.entry.number), ...(one.entry.pooled ? [inThePool()] : [])),
    kind,
    element('td', { className: 'state' }, text(`wait.${wait}`), icon(drawings[wait])),
    left,
  )
}

// Any room of the service may call this one.
function inThePool() {
  const mark = icon('users')
  return element('span', { className: 'pool', title: text('pooled') }, mark, element('span', { className: 'sr' }, text('pooled')))
}

function opener(number) {
  const button = element('button', { type: 'button' }, number)
  button.setAttribute('aria-label', text('one.open', { number }))
  return button
}

function more(count) {
  if (count <= 0) return []
  const cell = element('td', { className: 'more', colSpan: 4 }, text('more', { count }))
  return [element('tr', {}, cell)]
}

export function drawHeld(board, allowed, recall, release) {
  show(byId('held'), board.held.length > 0)
  say(byId('held-title'), text('held', { count: board.held.length }))
  byId('held-list').replaceChildren(
    ...board.held.map(({ entry }) => {
      const why = text(`hold.${entry.held_reason}`)
      const until = entry.held_until ? `, ${text('held.until', { time: clock(entry.held_until) })}` : ''
      const back = keyFor(entry, 'release', allowed.release, release)
      const call = keyFor(entry, 'call_again', allowed.recall, recall)
      return element('li', {}, element('span', {}, entry.number), element('span', { className: 'muted' }, why + until), element('span', { className: 'does' }, back, call))
    }),
  )
}

function keyFor(entry, name, allowed, act) {
  const button = element('button', { type: 'button', className: 'key', disabled: !allowed }, text(`do.${name}`))
  button.setAttribute('aria-label', text(`do.${name}_number`, { number: entry.number }))
  button.addEventListener('click', () => act(entry))
  return button
}

function clock(at) {
  return new Date(at).toLocaleTimeString(about.language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
}

export function drawAbsent(board, allowed, recall) {
  show(byId('absent'), board.not_here.length > 0)
  say(byId('absent-title'), text('absent', { count: board.not_here.length }))
  byId('absent-list').replaceChildren(
    ...board.not_here.map((one) => {
      const button = element('button', { type: 'button', className: 'key', disabled: !allowed }, text('do.call_again'), icon('volume-2'))
      button.setAttribute('aria-label', text('do.call_again_number', { number: one.entry.number }))
      button.addEventListener('click', () => recall(one.entry))
      return element('li', {}, element('span', {}, one.entry.number), element('span', { className: 'does' }, button))
    }),
  )
}

export function drawSince(board, now) {
  const called = board.current?.entry.called_at
  say(byId('now-since'), called ? ago(Math.max(0, now - Date.parse(called)) / 1000) : '')
}

function ago(seconds) {
  return seconds < 60 ? text('ago.seconds', { count: Math.floor(seconds) }) : text('ago.minutes', { count: Math.floor(seconds / 60) })
}

// Whether the call reached the wall and the loudspeakers, as far as there are any.
export function drawHeard(call, current, around, now) {
  const line = byId('now-heard')
  const verdict = call && current && call.entryId === current.entry.entry_id ? judge(call, around, now) : null
  show(line, verdict !== null)
  if (!verdict) return
  line.classList.toggle('bad', verdict.bad)
  line.classList.toggle('good', !verdict.bad)
  byId('now-heard-icon').className = `icon icon-${verdict.bad ? 'triangle-alert' : 'circle-check'}`
  say(byId('now-heard-text'), text(verdict.key))
}

function judge(call, around, now) {
  if (!call.live) return call.heard ? { bad: false, key: 'call.heard' } : null
  const age = now - call.at
  const unseen = around.shows_calls && !call.shown && age > SHOWN_WITHIN_MS
  const unheard = around.says_calls && !call.heard && (call.failed.size > 0 || age > HEARD_WITHIN_MS)
  if (unseen && unheard) return { bad: true, key: 'call.neither' }
  if (unseen) return { bad: true, key: 'call.not_shown' }
  if (unheard) return { bad: true, key: 'call.not_heard' }
  if (call.shown && call.heard) return { bad: false, key: 'call.both' }
  if (call.heard) return { bad: false, key: 'call.heard' }
  return call.shown ? { bad: false, key: 'call.shown' } : null
}

export function drawAlerts(alerts, dismiss) {
  const newest = [...alerts.values()].sort((one, other) => other.seq - one.seq)
  fill(byId('alerts'), newest, (alert) => String(alert.seq), (alert) => {
    const button = element('button', { type: 'button' }, text('alert.seen'))
    button.addEventListener('click', () => dismiss(alert.seq))
    const unwell = alert.reason === 'unwell'
    const time = new Date(alert.at).toLocaleTimeString(about.language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    const words = element('div', {}, text(`alert.${alert.reason}`, { device: alert.device.name }), element('small', {}, text('alert.at', { time })))
    return element('div', { className: `alert ${unwell ? 'danger' : 'warning'}` }, icon(unwell ? 'siren' : 'hand'), words, button)
  })
}

const PARTS = { printer: 'printer', scanner: 'scan-qr-code', speaker: 'volume-2', screen: 'monitor', feed: 'wifi-off' }
const TOLD_CODES = new Set(['paper_out', 'paper_low', 'cover_open', 'unplugged', 'no_answer'])

export function drawTroubles(troubles) {
  fill(byId('troubles'), [...troubles.values()], troubleKey, ({ device, health }) => {
    const problem = TOLD_CODES.has(health.code) ? text(`trouble.${health.code}`) : text(`trouble.${health.state}`)
    const words = text('trouble', { device: device.name, part: text(`part.${health.part}`), problem })
    return element('div', { className: 'alert warning' }, icon(PARTS[health.part]), element('span', {}, words))
  })
}

const troubleKey = ({ device, health }) => `${device.device_id} ${health.part} ${health.state} ${health.code}`

// Keeps what is already there, so that a screen reader is told only of what is new.
function fill(holder, items, key, draw) {
  const there = new Map([...holder.children].map((child) => [child.dataset.key, child]))
  holder.replaceChildren(
    ...items.map((item) => {
      const child = there.get(key(item)) ?? draw(item)
      child.dataset.key = key(item)
      return child
    }),
  )
}
