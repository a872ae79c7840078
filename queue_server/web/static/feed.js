// Following the feed: joins, joins again for ever, and tells when the server is not there.
const FEED = '/api/feed'
const SILENCE_MS = 10000 // heartbeats come every three seconds
const DELAYS_MS = [300, 700, 1500, 3000]

// listener: { snapshot(message), frame(numbered), beat(message), state('live' | 'gone'), refused(code) }
export function follow(hello, listener) {
  let socket = null
  let tries = 0
  let seen = 0
  let silence = 0
  let again = 0

  function heard() {
    clearTimeout(silence)
    silence = setTimeout(() => lost(), SILENCE_MS)
  }

  function lost() {
    clearTimeout(silence)
    clearTimeout(again)
    if (socket) {
      const old = socket
      socket = null
      old.onclose = old.onmessage = null
      old.close()
    }
    listener.state('gone')
    again = setTimeout(join, DELAYS_MS[Math.min(tries++, DELAYS_MS.length - 1)])
  }

  function take(message) {
    heard()
    if (message.type === 'refused') {
      listener.refused(message.code)
    } else if (message.type === 'snapshot') {
      tries = 0
      seen = message.seq
      listener.state('live')
      listener.snapshot(message)
    } else if (message.type === 'numbered') {
      if (message.previous !== seen) {
        lost() // something is missing: ask for a new snapshot
        return
      }
      seen = message.seq
      listener.frame(message)
    } else if (message.type === 'heartbeat') {
      listener.beat(message)
    }
  }

  function join() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
    const mine = new WebSocket(`${scheme}://${location.host}${FEED}`)
    socket = mine
    heard()
    mine.onopen = () => mine.send(JSON.stringify({ type: 'hello', ...hello }))
    mine.onmessage = (event) => mine === socket && take(JSON.parse(event.data))
    mine.onclose = () => mine === socket && lost()
  }

  join()
  window.addEventListener('online', () => {
    tries = 0
    lost()
  })
  window.addEventListener('offline', () => lost())
}
