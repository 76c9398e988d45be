import { describe, expect, it } from 'vitest'
import { type Component, componentGroup, silentLogger } from '../src/index.ts'

function recorder(name: string, journal: string[], failing?: 'start' | 'stop'): Component {
  return {
    name,
    async start() {
      if (failing === 'start') throw new Error(`${name} cannot start`)
      journal.push(`+${name}`)
    },
    async stop() {
      journal.push(`-${name}`)
      if (failing === 'stop') throw new Error(`${name} cannot stop`)
    },
  }
}

describe('component group', () => {
  it('starts in order and stops in reverse', async () => {
    const journal: string[] = []
    const group = componentGroup('all', [recorder('a', journal), recorder('b', journal)], silentLogger)
    await group.start()
    await group.stop()
    expect(journal).toEqual(['+a', '+b', '-b', '-a'])
  })

  it('rolls a partial start back and says who failed', async () => {
    const journal: string[] = []
    const members = [recorder('a', journal), recorder('b', journal, 'start'), recorder('c', journal)]
    await expect(componentGroup('all', members, silentLogger).start()).rejects.toThrow('b did not start')
    expect(journal).toEqual(['+a', '-a'])
  })

  it('stops the others when one does not stop, and reports it', async () => {
    const journal: string[] = []
    const group = componentGroup('all', [recorder('a', journal), recorder('b', journal, 'stop')], silentLogger)
    await group.start()
    await expect(group.stop()).rejects.toThrow('1 parts of all did not stop cleanly')
    expect(journal).toEqual(['+a', '+b', '-b', '-a'])
  })

  it('is ready when every member is', async () => {
    let ready = false
    const slow: Component = {
      ...recorder('slow', []),
      readiness: () => (ready ? { ready } : { ready, reason: 'still reading' }),
    }
    const group = componentGroup('all', [recorder('a', []), slow], silentLogger)
    expect(group.readiness()).toEqual({ ready: false, reason: '0 of 2 parts started' })
    await group.start()
    expect(group.readiness()).toEqual({ ready: false, reason: 'slow: still reading' })
    ready = true
    expect(group.readiness()).toEqual({ ready: true })
  })
})
