// The staff panel of one room. The server's board is the truth: whatever is heard, the board is asked anew.
import { doer } from './actions.js'
import { ask as question, asking, reasons } from './ask.js'
import { drawAbsent, drawAlerts, drawBoard, drawHeard, drawHeld, drawSince, drawTroubles } from './room_view.js'
import { closeQuestion, drawRoomState, pauseBody, pauseQuestion, roomReasonAgainst } from './room_state.js'
import { follow } from './feed.js'
import { about, byId, named, say, session, show, signOut, text } from './page.js'
import { askSendOn, NOTE } from './send_on.js'
import { targets } from './transfer.js'
import { lastAction } from './undo.js'

const BOARD_EVERY_MS = 30000 // minutes go by without any frame
const ONE_WISH_MS = 1000 // a hand that presses twice wants one thing: a second "next" would finish whom nobody has seen
const TOUCHES_THE_BOARD = new Set([
  'ticket_issued', 'ticket_called', 'ticket_not_here', 'ticket_returned', 'ticket_finished', 'ticket_held',
  'ticket_transferred', 'ticket_sent_on', 'action_undone', 'services_changed', 'room_changed',
])

const HOLD_REASONS = ['papers', 'payment', 'tests', 'rest', 'other']
const CHOSEN_REASONS = ['condition', 'results', 'agreed', 'order', 'other']
const TRANSFER_REASONS = ['next_step', 'wrong_place', 'specialist', 'balance', 'other']
const TRANSFER_PLACES = ['seniority', 'front', 'end']
const HOLD_MINUTES = [10, 20, 30, 60]

const state = {
  board: null, rooms: [], services: [], live: false, connectedOnce: false, pending: null, stuck: false, offsetMs: 0, call: null,
  around: { shows_calls: false, says_calls: false }, alerts: new Map(), troubles: new Map(),
  dismissed: new Set(JSON.parse(sessionStorage.getItem('denluot.dismissed') ?? '[]')),
}
const actions = {
  next: { button: byId('do-next'), path: '/api/calls', body: () => ({ room_id: about.room_id }) },
  recall: { button: byId('do-recall'), path: '/api/recalls', body: () => looked(state.board.current.entry) },
  not_here: { button: byId('do-not-here'), path: '/api/not-here', body: () => looked(state.board.current.entry) },
  finish: { button: byId('do-finish'), path: '/api/finishes', body: () => looked(state.board.current.entry) },
  hold: { button: byId('do-hold'), path: '/api/holds', ask: () => askHold(state.board.current.entry) },
  transfer: { button: byId('do-transfer'), path: '/api/transfers', ask: () => askTransfer(state.board.current.entry) },
  send_on: { button: byId('do-send-on'), path: '/api/send-ons', ask: () => askOn(state.board.current) },
  undo: { button: byId('do-undo'), path: () => last.path, body: () => last.body },
  pause: { button: byId('do-pause'), path: '/api/room-pauses', ask: askPause },
  close: { button: byId('do-close'), path: '/api/room-closings', ask: askClose },
  open: { button: byId('do-open'), path: '/api/room-openings', body: () => ({ room_id: about.room_id }) },
}
const OF_THE_ROOM = new Set(['pause', 'close', 'open'])
const PATHS = { chosen: '/api/chosen-calls', release: '/api/releases', end_visit: '/api/visit-ends' }
const KEYS = { ' ': 'next', r: 'recall', n: 'not_here', f: 'finish', h: 'hold', t: 'transfer', s: 'send_on', u: 'undo', p: 'pause', c: 'close', o: 'open' }
const CODES = { Space: 'next', KeyR: 'recall', KeyN: 'not_here', KeyF: 'finish', KeyH: 'hold', KeyT: 'transfer', KeyS: 'send_on', KeyU: 'undo', KeyP: 'pause', KeyC: 'close', KeyO: 'open' }
const last = lastAction(about.room_id)

const looked = (entry) => ({ entry_id: entry.entry_id, version: entry.version })
const serverNow = () => Date.now() + state.offsetMs

// --- what is shown ---

function redraw() {
  const { board } = state
  drawLive()
  if (!board) return
  drawBoard(board)
  drawRoomState(board.room)
  drawAbsent(board, canRecallAbsent(), (entry) => perform('recall', looked(entry), entry.number))
  const free = state.live && !state.pending
  drawHeld(board, { recall: canRecallAbsent(), release: free }, (entry) => perform('recall', looked(entry), entry.number), (entry) => perform('release', looked(entry), entry.number))
  drawHeard(state.call, board.current, state.around, serverNow())
  drawSince(board, serverNow())
  drawAlerts(state.alerts, dismiss)
  drawTroubles(state.troubles)
  drawUndo()
  for (const [name, action] of Object.entries(actions)) {
    action.button.disabled = reasonAgainst(name) !== null
    if (state.pending?.name === name) action.button.dataset.waiting = ''
    else delete action.button.dataset.waiting
  }
}

// The seconds left, beside what was done; and the key, which goes out when they are over.
function drawUndo() {
  const left = last.left(serverNow())
  say(byId('undo-left'), left > 0 && !state.pending ? text('undo.left', { count: left }) : '')
  actions.undo.button.disabled = reasonAgainst('undo') !== null
}

function drawLive() {
  const shown = state.live ? 'live' : state.connectedOnce ? 'gone' : 'connecting'
  byId('live').dataset.state = shown
  const names = { live: 'wifi', gone: 'wifi-off', connecting: 'refresh-cw' }
  byId('live-icon').className = `icon icon-${names[shown]}`
  say(byId('live-text'), text(shown))
  const gone = shown === 'gone' || state.stuck
  show(byId('gone'), gone)
  if (gone) say(byId('gone-text'), state.pending ? text('gone.pending', { action: label(state.pending.name) }) : text('gone.idle'))
}

const label = (name) => text(`do.${name}`)

function tell(words, kind = 'good', drawing = 'history') {
  byId('last-action').dataset.kind = kind
  byId('last-action-icon').className = `icon icon-${kind === 'bad' ? 'triangle-alert' : drawing}`
  say(byId('last-action-text'), words)
}

// --- doing ---

const BUSY = 'busy'
let wanted = null
let lately = null // what succeeded last, until something else is begun

const pressedTwice = (name) => name === lately?.name && performance.now() - lately.at < ONE_WISH_MS

function reasonAgainst(name) {
  if (!state.board || !state.live) return 'why.gone'
  if (state.pending) return BUSY
  if (name === 'undo') return last.left(serverNow()) > 0 ? null : 'why.nothing_to_undo'
  if (OF_THE_ROOM.has(name)) return roomReasonAgainst(name, state.board.room)
  if (name === 'next') return state.board.next ? null : 'why.nobody'
  if (!state.board.current) return 'why.no_current'
  return name === 'send_on' && !state.board.current.offered ? 'why.no_journey' : null
}

function canRecallAbsent() {
  return state.live && !state.pending && !state.board.current
}

function press(name) {
  if (state.live && !actions[name].ask && pressedTwice(name)) return
  const reason = reasonAgainst(name)
  if (reason === BUSY) {
    // The same key twice is one wish; another key is the next one, once the server has answered.
    if (name !== state.pending.name) wanted = state.stuck ? null : name
    if (state.stuck) tell(text('why.gone'), 'bad')
  } else if (reason) tell(text(reason), 'bad')
  else if (actions[name].ask) actions[name].ask()
  else perform(name, actions[name].body(), numberFor(name))
}

function numberFor(name) {
  if (name === 'undo') return last.number
  return name === 'next' || OF_THE_ROOM.has(name) ? '' : state.board.current.entry.number
}

// --- asking first ---

function askHold(entry) {
  const options = [['', text('hold.minutes.none')], ...HOLD_MINUTES.map((count) => [String(count), text('hold.minutes.some', { count })])]
  const fields = [{ name: 'minutes', label: text('hold.minutes'), options }]
  question({ heading: text('hold.heading', { number: entry.number }), fields, choices: reasons('hold', HOLD_REASONS) }, (reason, { minutes }) => {
    perform('hold', { ...looked(entry), reason, minutes: minutes ? Number(minutes) : null }, entry.number)
  })
}

function askChosen(entry) {
  question({ heading: text('chosen.heading', { number: entry.number }), choices: reasons('chosen', CHOSEN_REASONS) }, (reason) => {
    perform('chosen', { ...looked(entry), reason, room_id: about.room_id }, entry.number)
  })
}

function askTransfer(entry) {
  const fields = [
    { name: 'target', label: text('transfer.target'), required: true, options: [['', text('transfer.choose')]], groups: targets(state.services, state.rooms, entry) },
    { name: 'place', label: text('transfer.place'), options: TRANSFER_PLACES.map((name) => [name, text(`transfer.place.${name}`)]) },
    NOTE,
  ]
  question({ heading: text('transfer.heading', { number: entry.number }), fields, choices: reasons('transfer', TRANSFER_REASONS) }, (reason, { target, place, note }) => {
    perform('transfer', { ...looked(entry), ...JSON.parse(target), place, reason, note: note || null }, entry.number)
  })
}

function askOn({ entry, offered }) {
  const send = (steps, note) => perform('send_on', { ...looked(entry), steps, note }, entry.number)
  askSendOn(entry, offered, send, () => perform('end_visit', looked(entry), entry.number))
}

// Before people are sent elsewhere it is shown who would go where; the server refuses when that is not so any more.
async function askAboutTheRoom(make, done) {
  const handover = await ask(`/api/rooms/${encodeURIComponent(about.room_id)}/handover`)
  if (handover && !asking() && !state.pending) question(make(handover), (value, fields) => done(handover, value, fields))
}

function askPause() {
  const { room } = state.board
  askAboutTheRoom((handover) => pauseQuestion(room, handover), (handover, reason, fields) => perform('pause', pauseBody(room, handover, reason, fields), ''))
}

function askClose() {
  const { room } = state.board
  askAboutTheRoom((handover) => closeQuestion(room, handover), ({ token }) => perform('close', { room_id: room.room_id, handover: token }, ''))
}

// What can be done with somebody who waits.
function askAbout(entry) {
  const choices = [
    { value: askChosen, label: label('chosen'), icon: 'megaphone' },
    { value: askHold, label: label('hold'), icon: 'pause' },
    { value: askTransfer, label: label('transfer'), icon: 'arrow-left-right' },
  ]
  question({ heading: text('one.heading', { number: entry.number }), choices }, (then) => then(entry))
}

byId('waiting').addEventListener('click', (event) => {
  const row = event.target.closest('button')?.closest('tr')
  const one = state.board?.waiting.find(({ entry }) => entry.entry_id === row?.dataset.entry)
  if (one) askAbout(one.entry)
})

function perform(name, body, number) {
  if (doing.busy) return
  show(byId('sent-on'), false)
  const path = actions[name]?.path ?? PATHS[name]
  if (doing.start(name, typeof path === 'function' ? path() : path, body)) tell(text('doing', { action: label(name), number }), 'good', 'hourglass')
}

function doneToTheRoom(name, { moved, stay }, time) {
  const words = [text(name === 'undo' ? 'done.undo_room' : `done.${name}`, { time })]
  if (moved > 0) words.push(text(name === 'undo' ? 'done.moved_back' : 'done.moved', { count: moved }))
  if (stay > 0) words.push(text('done.stay', { count: stay }))
  return words.join(' ')
}

const doing = doer(about.language, {
  pending(wish, stuck) {
    state.pending = wish
    state.stuck = stuck
    if (wish) lately = null
    redraw()
    const following = wish ? null : wanted
    if (!wish || stuck) wanted = null
    if (following) press(following)
  },
  async done(wish, answer) {
    last.note(wish.name, answer, wish.pressedAt + state.offsetMs)
    await loadBoard()
    const time = new Date().toLocaleTimeString(about.language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
    tell(answer.room ? doneToTheRoom(wish.name, answer, time) : text(`done.${wish.name}`, { number: answer.entry.number, time }))
    lately = { name: wish.name, at: performance.now() }
  },
  async refused(wish, error) {
    if (wish.name === 'undo') last.forget()
    await loadBoard()
    tell(error.message, 'bad')
  },
  async expired(wish) {
    await loadBoard()
    tell(text('expired', { action: label(wish.name) }), 'bad')
  },
  signedOut: toSignIn,
})

for (const [name, action] of Object.entries(actions)) {
  action.button.addEventListener('click', (event) => {
    if (event.detail > 0) action.button.blur() // after the mouse, Space means "next" again, not this button
    press(name)
  })
}

document.addEventListener('keydown', (event) => {
  if (asking()) return
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return
  const at = document.activeElement
  if (at?.matches('input, textarea, select')) return
  const name = KEYS[event.key.toLowerCase()] ?? CODES[event.code]
  const onControl = at?.matches('a, button')
  if (event.repeat && (name || event.key === 'Enter')) {
    event.preventDefault() // a key held down is one press
    return
  }
  if (!name || (onControl && event.code === 'Space')) return // Space on a focused control is that control's
  event.preventDefault()
  press(name)
})

// --- hearing ---

let loading = null
let next = null

// Resolves when a board that was asked for after this call is shown (or could not be had).
function loadBoard() {
  if (loading) {
    next ??= loading.then(() => {
      next = null
      return loadBoard()
    })
    return next
  }
  loading = ask(`/api/rooms/${encodeURIComponent(about.room_id)}/board`).then((board) => {
    loading = null
    if (!board) return
    state.board = board
    redraw()
  })
  return loading
}

async function loadAround() {
  const around = await ask(`/staff/rooms/${encodeURIComponent(about.room_id)}/surroundings`)
  if (!around) return
  state.around = around
  around.alerts.forEach(noteAlert)
  state.troubles = new Map(around.troubles.map((one) => [`${one.device.device_id} ${one.health.part}`, one]))
  redraw()
}

async function ask(path) {
  try {
    const answer = await fetch(path, { headers: { 'accept-language': about.language }, signal: AbortSignal.timeout(8000) })
    if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === '/staff/sign-in')) toSignIn()
    return answer.ok ? await answer.json() : null
  } catch {
    return null // the feed tells when the server is gone, and back
  }
}

function toSignIn() {
  if (!session.ending) location.assign(`/staff/sign-in?next=${encodeURIComponent(location.pathname)}`)
}

function noteAlert(alert) {
  if (!state.dismissed.has(alert.seq)) state.alerts.set(alert.seq, alert)
}

function dismiss(seq) {
  state.dismissed.add(seq)
  state.alerts.delete(seq)
  sessionStorage.setItem('denluot.dismissed', JSON.stringify([...state.dismissed].slice(-50)))
  redraw()
}

function hear(numbered) {
  const { frame, seq, at } = numbered
  if (frame.type === 'services_changed') Object.assign(state, { services: frame.services, rooms: frame.rooms })
  if (frame.type === 'ticket_sent_on' && frame.from_room_id === about.room_id) {
    const service = named(state.services.find(({ service_id }) => service_id === frame.entry.service_id)?.names ?? {})
    say(byId('sent-on-text'), text('sent_on', { number: frame.entry.number, service, room: frame.room_number }))
    show(byId('sent-on'), true)
  }
  if (frame.type === 'ticket_called' && frame.entry.room_id === about.room_id) {
    state.call = { seq, entryId: frame.entry.entry_id, at: Date.parse(at), live: true, shown: false, heard: false, failed: new Set() }
  } else if (frame.type === 'ticket_not_here' && frame.by_rule && frame.entry.room_id === about.room_id) {
    tell(text('done.not_here_by_rule', { number: frame.entry.number }), 'good', 'user-x')
  } else if (frame.type === 'call_acknowledged' && state.call?.seq === frame.call_seq) {
    if (frame.outcome === 'shown' || frame.outcome === 'heard') state.call[frame.outcome] = true
    else state.call.failed.add(frame.device_id)
  } else if (frame.type === 'alert_raised') {
    noteAlert({ seq, at, reason: frame.reason, device: frame.device })
  } else if (frame.type === 'device_health_changed') {
    const key = `${frame.device.device_id} ${frame.health.part}`
    if (frame.health.state === 'ok') state.troubles.delete(key)
    else state.troubles.set(key, { device: frame.device, health: frame.health, since: at })
  } else if (frame.type === 'device_paired') {
    loadAround()
  }
  if (TOUCHES_THE_BOARD.has(frame.type)) loadBoard()
  redraw()
}

function sawTime(at) {
  state.offsetMs = Date.parse(at) - Date.now()
}

follow(
  { protocol_version: about.protocol_version, rooms: [about.room_id] },
  {
    snapshot(message) {
      sawTime(message.at)
      Object.assign(state, { services: message.services, rooms: message.rooms })
      const last = message.calls.find(({ entry }) => entry.room_id === about.room_id)
      // Who showed a call before this page was listening is not known: then nothing is said about it.
      if (last && last.seq !== state.call?.seq) {
        state.call = { seq: last.seq, entryId: last.entry.entry_id, live: false, shown: false, heard: last.heard, failed: new Set() }
      }
      loadBoard()
      loadAround()
    },
    frame: hear,
    beat: (message) => sawTime(message.at),
    state(now) {
      if (now === 'live' && state.connectedOnce && !state.live) tell(text('back'), 'good', 'wifi')
      state.live = now === 'live'
      if (!state.live) lately = null // who presses again after "connected again" means it
      if (state.live) state.connectedOnce = true
      else state.connectedOnce ||= state.board !== null
      redraw()
    },
    refused(code) {
      if (code === 'not_signed_in') toSignIn()
    },
  },
)

localStorage.setItem('denluot.room', about.room_id)
byId('sign-out').addEventListener('click', signOut)
setInterval(() => {
  if (!state.board) return
  drawUndo()
  drawSince(state.board, serverNow())
  drawHeard(state.call, state.board.current, state.around, serverNow())
}, 1000)
setInterval(loadBoard, BOARD_EVERY_MS)
