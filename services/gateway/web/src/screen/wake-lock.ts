/** Keeps the screen awake where the browser can; the lock is lost with each hiding of the page and asked for again. */
export function keepAwake(): void {
  if (!('wakeLock' in navigator)) return
  let held: WakeLockSentinel | undefined
  const request = async () => {
    if (document.visibilityState !== 'visible' || (held && !held.released)) return
    try {
      held = await navigator.wakeLock.request('screen')
    } catch {
      // Low battery or a policy: the next look in five minutes asks again. The how-to says how to stop sleep in the system.
    }
  }
  document.addEventListener('visibilitychange', request)
  setInterval(request, 300_000)
  void request()
}
