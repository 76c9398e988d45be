import { execFileSync, spawnSync } from 'node:child_process'

/** Why a second host cannot be made here; empty where it can. */
export function secondHostMissing(): string {
  if (process.getuid?.() !== 0) return 'needs root'
  for (const [program, ...args] of [
    ['ip', '-V'],
    ['nft', '--version'],
  ] as const) {
    if (spawnSync(program, args).status !== 0) return `${program} is not installed`
  }
  const probe = `weir-probe-${process.pid}`
  if (spawnSync('ip', ['netns', 'add', probe]).status !== 0) return 'network namespaces are not permitted'
  spawnSync('ip', ['netns', 'del', probe])
  return ''
}

export interface SecondHost {
  readonly name: string
  /** It answers here; the addresses after it in its network are nobody's. */
  readonly address: string
  readonly nobody: string
  /** Replaces what it does with packets that arrive, as nft rules of an input hook. */
  rules(...rules: readonly string[]): void
  close(): void
}

let made = 0

/** A host of its own at the other end of a cable: a network namespace on a veth pair (198.18.0.0/15, RFC 2544). */
export function startSecondHost(): SecondHost {
  const id = `${process.pid % 10_000}x${made++}`
  const name = `weir-${id}`
  const [near, far] = [`wn${id}`, `wf${id}`]
  const network = `198.18.${process.pid % 250}`
  const first = 8 * made
  const run = (program: string, ...args: string[]): void => {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  run('ip', 'netns', 'add', name)
  run('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name)
  run('ip', 'addr', 'add', `${network}.${first + 1}/29`, 'dev', near)
  run('ip', 'link', 'set', near, 'up')
  run('ip', '-n', name, 'addr', 'add', `${network}.${first + 2}/29`, 'dev', far)
  run('ip', '-n', name, 'link', 'set', far, 'up')
  run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  const nft = (...args: string[]): void => run('ip', 'netns', 'exec', name, 'nft', ...args)
  nft('add', 'table', 'inet', 'weir')
  nft('add', 'chain', 'inet', 'weir', 'input', '{ type filter hook input priority 0; }')
  return {
    name,
    address: `${network}.${first + 2}`,
    nobody: `${network}.${first + 3}`,
    rules(...rules) {
      nft('flush', 'chain', 'inet', 'weir', 'input')
      for (const rule of rules) nft('add', 'rule', 'inet', 'weir', 'input', ...rule.split(' '))
    },
    close() {
      spawnSync('ip', ['netns', 'del', name])
      spawnSync('ip', ['link', 'del', near])
    },
  }
}
