// The last action of this page that can still be taken back. Kept over a reload; the server has the last word.
const WINDOW_S = 60
const UNDOABLE = new Set(['next', 'recall', 'not_here', 'hold', 'finish', 'chosen', 'transfer', 'send_on', 'end_visit', 'pause', 'close'])

export function lastAction(roomId) {
  const kept = `denluot.last.${roomId}`
  let last = JSON.parse(sessionStorage.getItem(kept) ?? 'null')

  function keep(action) {
    last = action
    if (action) sessionStorage.setItem(kept, JSON.stringify(action))
    else sessionStorage.removeItem(kept)
  }

  return {
    // What the server answered to a wish that was pressed at `at` (its clock, milliseconds).
    note(name, answer, at) {
      if (!UNDOABLE.has(name)) return keep(null)
      const { room, entry, seq } = answer
      if (room) return keep({ path: '/api/room-undos', body: { room_id: room.room_id, seq }, number: '', at })
      keep({ path: '/api/undos', body: { entry_id: entry.entry_id, version: entry.version, seq }, number: entry.number, at })
    },
    forget: () => keep(null),
    left: (now) => (last ? Math.max(0, Math.floor(WINDOW_S - (now - last.at) / 1000)) : 0),
    get path() {
      return last?.path ?? '/api/undos'
    },
    get body() {
      return last?.body
    },
    get number() {
      return last?.number ?? ''
    },
  }
}
