// Doing something exactly once. A wish keeps its request id until the server has answered it, over lost connections and
// over a reload of the page, and the server answers a repeated id as before. So nothing is lost and nothing is done twice.
import { newId } from './page.js'

const KEPT = 'denluot.wish'
const TOO_OLD_S = 120 // an old wish surprises: nobody expects a patient to be called minutes after the key was pressed
const RETRY_MS = [300, 600, 1200, 2000]
const NOT_NOW = new Set([502, 503, 504])

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

// told: { pending(wish | null, stuck), done(wish, answer), refused(wish, error), expired(wish), signedOut() }
export function doer(language, told) {
  let current = null

  async function send(wish) {
    const age = Math.max(0, (Date.now() - wish.pressedAt) / 1000)
    if (age > TOO_OLD_S) return { expired: true }
    const headers = { 'content-type': 'application/json', 'accept-language': language }
    const body = JSON.stringify({ ...wish.body, request_id: wish.id, age_s: Math.round(age * 10) / 10 })
    const options = { method: 'POST', headers, body, signal: AbortSignal.timeout(8000) }
    const response = await fetch(wish.path, options)
    if (NOT_NOW.has(response.status)) throw new Error('not now')
    return { status: response.status, body: await response.json() }
  }

  async function pursue(wish) {
    for (let tries = 0; ; tries++) {
      try {
        return await send(wish)
      } catch {
        told.pending(wish, true)
        await pause(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)])
      }
    }
  }

  async function run(wish) {
    current = wish
    sessionStorage.setItem(KEPT, JSON.stringify(wish))
    told.pending(wish, false)
    const outcome = await pursue(wish)
    sessionStorage.removeItem(KEPT)
    // Nothing new is begun before the page has seen what this did: else the next wish would look at old versions.
    if (outcome.expired) await told.expired(wish)
    else if (outcome.status === 401) told.signedOut()
    else if (outcome.status >= 400) await told.refused(wish, outcome.body)
    else await told.done(wish, outcome.body)
    current = null
    told.pending(null, false)
  }

  const kept = sessionStorage.getItem(KEPT)
  if (kept) run(JSON.parse(kept))

  return {
    get busy() {
      return current !== null
    },
    // False when an earlier wish is still under way: one thing at a time.
    start(name, path, body) {
      if (current) return false
      run({ name, path, body, id: newId(), pressedAt: Date.now() })
      return true
    },
  }
}
