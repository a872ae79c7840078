// The last action of this page that can still be taken back. Kept over a reload; the server has the last word.
const WINDOW_S = 60
const UNDOABLE = new Set(['next', 'recall', 'not_here', 'hold', 'finish', 'chosen', 'transfer', 'send_on', 'end_visit'])

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
      const { entry_id, version, number } = answer.entry
      keep(UNDOABLE.has(name) ? { body: { entry_id, version, seq: answer.seq }, number, at } : null)
    },
    forget: () => keep(null),
    left: (now) => (last ? Math.max(0, Math.floor(WINDOW_S - (now - last.at) / 1000)) : 0),
    get body() {
      return last?.body
    },
    get number() {
      return last?.number ?? ''
    },
  }
}
