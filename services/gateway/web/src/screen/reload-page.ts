/** Loads the page again, but only when it can be had: a browser's error page would hang on the wall for ever. */
export async function reloadWhenServed(): Promise<void> {
  try {
    const answer = await fetch(location.pathname, { cache: 'no-store', signal: AbortSignal.timeout(5_000) })
    if (answer.ok) location.reload()
  } catch {
    // The gateway is away; the policy asks again later.
  }
}
