/** How often each address is asked in one round, how far apart, and how long an answer is waited for. */
export interface EchoRound {
  readonly count: number
  readonly gapMs: number
  readonly timeoutMs: number
}

/** Round trips in the order of sending, microseconds; null where nothing came back. */
export type RoundTrips = readonly (number | null)[]

/** Sends echo requests (RFC 792, RFC 4443) to many addresses at once. */
export interface EchoTool {
  /** Names it in logs and metrics. */
  readonly name: string
  /** More addresses than this it cannot ask again and again; rounds of measurement beyond it are left out. */
  readonly addressesMax: number
  /**
   * Asks addresses that `isIP` takes. An address that is missing in the answer was not asked.
   * @throws EchoToolError when the tool did not do its work
   */
  round(addresses: readonly string[], round: EchoRound): Promise<ReadonlyMap<string, RoundTrips>>
  /** Ends what is under way. */
  close(): void
}

export class EchoToolError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EchoToolError'
  }
}
