import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { alarmOf, type GatewayUnderTest, sendAlarms, startGateway, until } from './gateway-under-test.ts'
import { LiveClient } from './live-client.ts'

const historyEventsMax = 6
let underTest: GatewayUnderTest
let rev = 0

beforeAll(async () => {
  underTest = await startGateway({
    config: { live: { historyEventsMax, coalesceMs: 3, tileIntervalMs: 100, heartbeatMs: 1_000 } },
  })
})
afterAll(() => underTest.dispose())

/** Sends the next state of one of a few alarms. */
async function raise(which: number, tenantId = 'acme'): Promise<void> {
  rev++
  const isCleared = rev % 3 === 0
  const now = new Date().toISOString()
  await sendAlarms(underTest.bus, [
    alarmOf({
      tenantId,
      resource: `interface/x/${which}`,
      rev,
      isCleared,
      changedAt: now,
      clearedAt: isCleared ? now : null,
    }),
  ])
}

/** A client that has been sent everything up to here. */
async function upToDate(...clients: LiveClient[]): Promise<void> {
  const marker = alarmOf({ resource: `device/marker-${++rev}`, rev })
  await sendAlarms(underTest.bus, [marker])
  await until(() => clients.every(client => client.alarms.has(marker.alarmId)), 'the marker at every client')
}

describe('resume', () => {
  it('gives after any disconnect the same alarms as to a client that never left', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('alarm' as const), which: fc.nat(4) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('return' as const), which: fc.nat(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), which: fc.nat(0) }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async steps => {
        const stayed = await LiveClient.connect(underTest.address)
        let other = await LiveClient.connect(underTest.address)
        let gone = false
        for (const { kind, which } of steps) {
          if (kind === 'alarm') await raise(which)
          else if (kind === 'wait') await upToDate(stayed)
          else if (kind === 'leave' && !gone) {
            // At once, in whatever state the connection is.
            other.socket.terminate()
            gone = true
          } else if (kind === 'return' && gone) {
            await until(() => other.closed)
            other = await LiveClient.connect(underTest.address, {}, other)
            gone = false
          }
        }
        if (gone) {
          await until(() => other.closed)
          other = await LiveClient.connect(underTest.address, {}, other)
        }
        await upToDate(stayed, other)
        expect(Object.fromEntries(other.alarms)).toEqual(Object.fromEntries(stayed.alarms))
        await Promise.all([stayed.close(), other.close()])
      }),
      { numRuns: 25 },
    )
  })

  it('sends the missed deltas only, once each, while history has them', async () => {
    const client = await LiveClient.connect(underTest.address)
    await upToDate(client)
    await client.close()
    await raise(0)
    await raise(1)
    const back = await LiveClient.connect(underTest.address, {}, client)
    await upToDate(back)
    expect(back.welcome).toMatchObject({ resumed: true, offset: client.offset })
    expect(back.last('snapshot')).toBeUndefined()
    expect(back.all('alarm').map(message => message.offset)).toEqual([1, 2, 3].map(n => client.offset! + n))
    await back.close()
  })

  it.each([
    ['other stream', { streamId: 'ffffffff-ffff-4fff-8fff-ffffffffffff-0123456789abcdef', offset: 1 }],
    ['position from the future', { offset: 1_000_000 }],
    ['incomplete position', { offset: undefined }],
  ])('refuses a position of "%s" and gives a whole snapshot', async (reason, position) => {
    const client = await LiveClient.connect(underTest.address)
    const back = await LiveClient.connect(underTest.address, position, client)
    expect(back.welcome).toMatchObject({ resumed: false, resumeRefused: reason })
    expect(back.last('snapshot')).toBeDefined()
    await Promise.all([client.close(), back.close()])
  })

  it('gives a whole snapshot when history no longer reaches back', async () => {
    const client = await LiveClient.connect(underTest.address)
    await upToDate(client)
    await client.close()
    for (let i = 0; i <= historyEventsMax; i++) await raise(i)
    const watcher = await LiveClient.connect(underTest.address)
    await upToDate(watcher)
    const back = await LiveClient.connect(underTest.address, {}, client)
    expect(back.welcome).toMatchObject({ resumed: false, resumeRefused: 'history gone' })
    await Promise.all([watcher.close(), back.close()])
  })

  it('never resumes with the position of another tenant: it would lack what only this one shows', async () => {
    await raise(7, 'globex')
    const acme = await LiveClient.connect(underTest.address, { tenant: 'acme' })
    const globex = await LiveClient.connect(underTest.address, { tenant: 'globex' }, acme)
    expect(globex.welcome).toMatchObject({ resumed: false, resumeRefused: 'other stream' })
    expect([...globex.alarms.values()].every(alarm => alarm.tenantId === 'globex')).toBe(true)
    expect(globex.alarms.size).toBe(1)
    await Promise.all([acme.close(), globex.close()])
  })

  it('keeps tenants apart in deltas, and still moves the position on', async () => {
    const globex = await LiveClient.connect(underTest.address, { tenant: 'globex' })
    const all = await LiveClient.connect(underTest.address)
    const before = globex.offset!
    await raise(1, 'acme')
    await upToDate(all)
    globex.answersPings = true
    await until(() => globex.offset! > before, 'a ping that moves the position')
    expect(globex.all('alarm')).toEqual([])
    await Promise.all([globex.close(), all.close()])
  }, 20_000)

  it('starts a new stream after a restart, and says so', async () => {
    const client = await LiveClient.connect(underTest.address)
    await underTest.restart()
    expect(await until(() => client.closed)).toMatchObject({ code: 3001 })
    expect(client.last('bye')?.retryAfterMs).toBeGreaterThan(0)
    const back = await LiveClient.connect(underTest.address, {}, client)
    expect(back.welcome).toMatchObject({ resumed: false, resumeRefused: 'other stream' })
    expect(Object.fromEntries(back.alarms)).toEqual(Object.fromEntries(client.alarms))
    await back.close()
  })
})
