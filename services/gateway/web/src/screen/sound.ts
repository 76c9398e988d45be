export type SoundState = 'untested' | 'ready' | 'blocked' | 'off' | 'absent'

export interface Sound {
  state(): SoundState
  /** One short falling pair of tones, half a second. Silent where the browser forbids it. */
  play(): void
}

/** How long a browser may take to start its audio before it counts as forbidden: `resume()` of a blocked one never settles. */
const patienceMs = 2_000

/**
 * Tests the sound when the page loads. Browsers keep pages silent until somebody clicked (Chrome since version 66),
 * and nobody clicks on a wall: the state must be on it.
 */
export function createSound(wanted: 'on' | 'off' | 'test', changed: () => void): Sound {
  let state: SoundState = wanted === 'off' ? 'off' : 'untested'
  let context: AudioContext | undefined

  const become = (next: SoundState) => {
    if (state === next) return
    state = next
    changed()
  }

  const play = () => {
    if (context?.state !== 'running') return
    tone(context, 880, 0)
    tone(context, 660, 0.22)
  }

  if (state !== 'off') {
    try {
      const own = new AudioContext()
      context = own
      const look = () => become(own.state === 'running' ? 'ready' : 'blocked')
      own.addEventListener('statechange', look)
      own
        .resume()
        .then(() => {
          look()
          if (wanted === 'test') play()
        })
        .catch(() => become('blocked'))
      setTimeout(look, patienceMs)
    } catch {
      state = 'absent'
    }
  }
  return { state: () => state, play }
}

/** A sine with a soft edge, so that it does not click. */
function tone(context: AudioContext, hertz: number, afterSeconds: number): void {
  const start = context.currentTime + afterSeconds
  const gain = context.createGain()
  gain.gain.setValueAtTime(0, start)
  gain.gain.linearRampToValueAtTime(0.5, start + 0.02)
  gain.gain.exponentialRampToValueAtTime(0.001, start + 0.3)
  const oscillator = context.createOscillator()
  oscillator.frequency.value = hertz
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(start)
  oscillator.stop(start + 0.32)
}
