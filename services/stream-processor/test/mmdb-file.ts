import { parsePrefix } from '../../../libs/model/src/index.ts'

type Value = string | number | { [key: string]: Value }

/** A database in MaxMind's format 2.0 over IPv6, with IPv4 under ::/96, longer prefixes given after shorter ones. */
export function mmdbOf(entries: readonly { prefix: string; record: Value }[], recordSize: 24 | 28 | 32): Buffer {
  const data: Buffer[] = []
  let dataSize = 0
  type Node = [Node | number | undefined, Node | number | undefined]
  const root: Node = [undefined, undefined]
  for (const { prefix, record } of entries) {
    const { family, address, bits } = parsePrefix(prefix)!
    const length = family === 4 ? bits + 96 : bits
    const encoded = encode(record)
    // Data is told from nodes by its sign.
    const pointer = -1 - dataSize
    data.push(encoded)
    dataSize += encoded.length
    let node = root
    for (let bit = 0; bit < length - 1; bit++) {
      const side = Number((address >> BigInt(127 - bit)) & 1n)
      const next = node[side]
      if (typeof next === 'object') node = next
      else {
        const made: Node = [next, next]
        node[side] = made
        node = made
      }
    }
    node[Number((address >> BigInt(128 - length)) & 1n)] = pointer
  }
  const nodes: Node[] = []
  const numbers = new Map<Node, number>()
  const visit = (node: Node): void => {
    numbers.set(node, nodes.push(node) - 1)
    for (const side of node) if (typeof side === 'object') visit(side)
  }
  visit(root)
  const valueOfSide = (side: Node | number | undefined): number =>
    side === undefined ? nodes.length : typeof side === 'number' ? nodes.length + 16 + (-1 - side) : numbers.get(side)!
  const tree = Buffer.alloc((nodes.length * recordSize) / 4)
  for (const [i, node] of nodes.entries()) {
    const at = (i * recordSize) / 4
    const [left, right] = [valueOfSide(node[0]), valueOfSide(node[1])]
    if (recordSize === 32) {
      tree.writeUInt32BE(left, at)
      tree.writeUInt32BE(right, at + 4)
      continue
    }
    tree.writeUIntBE(left & 0xff_ffff, at, 3)
    tree.writeUIntBE(right & 0xff_ffff, at + (recordSize === 24 ? 3 : 4), 3)
    if (recordSize === 28) tree[at + 3] = ((left >>> 24) << 4) | (right >>> 24)
  }
  const metadata = encode({
    node_count: nodes.length,
    record_size: recordSize,
    ip_version: 6,
    database_type: 'Test',
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'), metadata])
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.of(0x40 | value.length), Buffer.from(value)])
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(5, 0xc4)
    bytes.writeUInt32BE(value, 1)
    return bytes
  }
  const pairs = Object.entries(value)
  return Buffer.concat([Buffer.of(0xe0 | pairs.length), ...pairs.flatMap(([key, one]) => [encode(key), encode(one)])])
}
