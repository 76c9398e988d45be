import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ManualClock } from '../../kernel/src/index.ts'
import { takeOwnership } from '../src/embedded/owner-lock.ts'

describe('owner of a data folder', () => {
  let folder: string
  let lock: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'weir-lock-'))
    lock = join(folder, 'owner.lock')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const leaveLock = (owner: object) =>
    writeFileSync(lock, JSON.stringify({ pid: 4_194_304, startTicks: '1', host: hostname(), ...owner }))

  it('gives the folder back', async () => {
    const giveBack = await takeOwnership(folder, new ManualClock())
    expect(existsSync(lock)).toBe(true)
    giveBack()
    expect(existsSync(lock)).toBe(false)
  })

  it('is refused while the owner lives, and names it', async () => {
    const giveBack = await takeOwnership(folder, new ManualClock())
    await expect(takeOwnership(folder, new ManualClock())).rejects.toMatchObject({
      code: 'store-locked',
      message: expect.stringContaining(`process ${process.pid}`),
    })
    giveBack()
  })

  it.each([
    ['of a dead process', {}],
    ['of a process whose id has come back', { pid: process.pid }],
  ])('takes over the lock %s', async (_, owner) => {
    leaveLock(owner)
    ;(await takeOwnership(folder, new ManualClock()))()
  })

  it('takes over a lock that was cut short', async () => {
    writeFileSync(lock, '{"pid":')
    ;(await takeOwnership(folder, new ManualClock()))()
  })

  it('waits for silence before it takes over another host’s lock', async () => {
    leaveLock({ host: 'a-former-container' })
    const clock = new ManualClock()
    let taken = false
    const taking = takeOwnership(folder, clock).then(giveBack => {
      taken = true
      return giveBack
    })
    await clock.advance(9_000)
    expect(taken).toBe(false)
    await clock.advance(2_000)
    ;(await taking)()
  })

  it('is refused while another host touches its lock', async () => {
    leaveLock({ host: 'another', pid: 7 })
    const clock = new ManualClock()
    const taking = takeOwnership(folder, clock).catch(error => error)
    await clock.advance(3_000)
    utimesSync(lock, new Date(), new Date(Date.now() + 60_000))
    await clock.advance(1_000)
    expect(await taking).toMatchObject({ code: 'store-locked', message: expect.stringContaining('7 on another') })
  })
})
