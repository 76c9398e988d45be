import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { exitCodes, UsageError } from '../src/command.ts'
import { decodeCommand } from '../src/commands/decode.ts'

const folder = mkdtempSync(join(tmpdir(), 'weir-decode-'))
afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, octets: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, octets)
  return path
}

class Text extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

interface Result {
  code: number
  lines: Record<string, unknown>[]
  stderr: string
}

async function decode(...args: string[]): Promise<Result> {
  const [stdout, stderr] = [new Text(), new Text()]
  const code = await decodeCommand.run(args, { stdout, stderr, signal: new AbortController().signal, env: {} })
  const lines = stdout.text.split('\n').filter(line => line !== '')
  return { code, stderr: stderr.text, lines: lines.map(line => JSON.parse(line) as Record<string, unknown>) }
}

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex')
const seconds = '6553f100'

/** Template 256: octetDeltaCount(8) userName(variable) sourceIPv4Address postNAT…, element 7 of enterprise 9999. */
const template = hex(`000a 0030 ${seconds} 00000000 0000002a
  0002 0020 0100 0005 0001 0008 0173 ffff 0008 0004 0099 0008 8007 0002 0000270f`)
const data = hex(`000a 002f ${seconds} 00000000 0000002a
  0100 001f 0020000000000001 03 616c6f c0000201 0000018bcfe568fb beef 0000`)

/** The same without the octet that `data` has behind its length. */
const message = data.subarray(0, 47)

function pcap(payloads: Buffer[], port = 2_055): Buffer {
  const records = payloads.map(payload => {
    const udp = Buffer.concat([
      hex(`c350 ${port.toString(16).padStart(4, '0')}`),
      u16(payload.length + 8),
      hex('0000'),
      payload,
    ])
    const ip = Buffer.concat([hex('4500'), u16(udp.length + 20), hex('0001 0000 4011 0000 c0000209 c000020a'), udp])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(ip.length)
    return Buffer.concat([hex(`${seconds} 00000000`), length, length, ip])
  })
  return Buffer.concat([hex('a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065'), ...records])
}

function u16(value: number): Buffer {
  return hex(value.toString(16).padStart(4, '0'))
}

describe('weir decode', () => {
  it('prints a record with every field by name, over raw files whose templates come first', async () => {
    const { code, lines } = await decode(file('template.dat', template), file('data.bin', data), '--summary')
    expect(code).toBe(exitCodes.ok)
    expect(lines).toEqual([
      {
        version: 'ipfix',
        exporter: '0.0.0.0',
        observationDomainId: 42,
        templateId: 256,
        flowset: 'data',
        fields: {
          octetDeltaCount: '9007199254740993',
          userName: 'alo',
          sourceIPv4Address: '192.0.2.1',
          flowEndMilliseconds: '2023-11-14T22:13:20.251Z',
          '9999/7': 'beef',
        },
      },
      {
        datagrams: 2,
        records: 1,
        optionsRecords: 0,
        octets: '9007199254740993',
        packets: '0',
        errors: {},
        exporters: {
          '0.0.0.0': {
            datagrams: 2,
            records: 1,
            optionsRecords: 0,
            octets: '9007199254740993',
            packets: '0',
            errors: {},
          },
        },
      },
    ])
  })

  it('reads captures, also gzipped, one exporter apart from another', async () => {
    const capture = pcap([template, data])
    for (const path of [file('a.pcap', capture), file('b.pcap.gz', gzipSync(capture))]) {
      const { code, lines } = await decode(path, '--summary', '--no-records')
      expect({ code, lines }).toMatchObject({
        code: 0,
        lines: [{ records: 1, exporters: { '192.0.2.9': { records: 1 } } }],
      })
    }
    expect((await decode(file('c.pcap', capture), '--port', '4739', '--summary')).lines).toMatchObject([
      { datagrams: 0 },
    ])
  })

  it('exits with 1 and says what did not parse', async () => {
    const cases: [Buffer, Record<string, number>][] = [
      [pcap([hex('dead beef')]), { 'version-unknown': 1 }],
      [pcap([data]), { 'template-missing': 1 }],
      [pcap([template, data]).subarray(0, -5), { 'capture-invalid': 1 }],
      [hex('0102 0304'), { 'capture-invalid': 1 }],
    ]
    for (const [octets, errors] of cases) {
      const { code, lines } = await decode(file('bad.pcap', octets), '--summary')
      expect({ code, errors: lines.at(-1)?.errors }).toEqual({ code: exitCodes.failed, errors })
    }
  })

  it('reads a capture of any length piece by piece, and several datagrams of one raw file', async () => {
    // Three pieces of a mebibyte, with records across their borders.
    const capture = pcap([template, ...Array.from({ length: 30_000 }, () => data)])
    expect(capture.length).toBeGreaterThan(2 * 2 ** 20)
    const { code, lines } = await decode(file('long.pcap', capture), '--summary', '--no-records')
    expect({ code, lines }).toMatchObject({ code: 0, lines: [{ datagrams: 30_001, records: 30_000, errors: {} }] })
    const raw = file('several.dat', Buffer.concat([template, data, data]))
    expect((await decode(raw, '--summary')).lines.at(-1)).toMatchObject({ datagrams: 3, records: 2, errors: {} })
    const messages = file('messages.ipfix', Buffer.concat([template, ...Array.from({ length: 60_000 }, () => message)]))
    const all = await decode(messages, '--summary', '--no-records')
    expect(all).toMatchObject({ code: 0, lines: [{ datagrams: 60_001, records: 60_000, errors: {} }] })
    const whole = await decode(file('messages.gz', gzipSync(readFileSync(messages))), '--summary', '--no-records')
    expect(whole.lines).toEqual(all.lines)
  })

  it('never throws over files that are none, and says what each is', async () => {
    const capture = pcap([template, data])
    const cases: [string, Buffer, RegExp][] = [
      ['empty.dat', Buffer.alloc(0), /datagram-empty \(1\)/],
      ['empty.pcap', Buffer.alloc(0), /no capture file/],
      ['rubbish.bin', Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7_919) & 255)), /version-unknown \(1\)/],
      ['cut.pcap.gz', gzipSync(capture).subarray(0, -12), /unexpected end of file/],
      ['damaged.gz', Buffer.concat([hex('1f8b08'), Buffer.alloc(100, 7)]), /what comes before was read/],
      ['magic.pcap', capture.subarray(0, 4), /breaks off/],
      ['magic-ng', hex('0a0d0d0a'), /breaks off/],
      ['snoop.cap', Buffer.concat([Buffer.from('snoop\0\0\0'), Buffer.alloc(40)]), /snoop file: convert it/],
      ['flows.zst', hex('28b52ffd 0000'), /zstd: unpack it first/],
      [
        'usb.pcap',
        Buffer.concat([hex('a1b2c3d4 0002 0004 00000000 00000000 0000ffff 000000bd'), capture.subarray(24)]),
        /2 frames of link type 189/,
      ],
    ]
    for (const [name, octets, words] of cases) {
      const { code, lines, stderr } = await decode(file(name, octets), '--summary')
      expect({ name, code }).toEqual({ name, code: exitCodes.failed })
      expect(Object.values(lines.at(-1)!.errors as object)).toEqual([1])
      expect(stderr.trim()).toMatch(words)
    }
  })

  it('waits for a slow reader, and leaves no listener behind', async () => {
    const stdout = new Text({ highWaterMark: 16 })
    const io = { stdout, stderr: new Text(), signal: new AbortController().signal, env: {} }
    const path = file('much.pcap', pcap([template, ...Array.from({ length: 4_000 }, () => data)]))
    expect(await decodeCommand.run([path], io)).toBe(exitCodes.ok)
    expect(stdout.text.trim().split('\n')).toHaveLength(4_000)
    expect(stdout.listenerCount('close') + stdout.listenerCount('drain') + stdout.listenerCount('error')).toBeLessThan(
      3,
    )
  })

  it('leaves out what belongs to other services, unless it is asked for', async () => {
    const query = hex('0005 0100 0001 0000 0000 0000 03777777 0000 0100 01')
    const path = file('mixed.pcap', pcap([query], 53))
    expect(await decode(path, '--summary')).toMatchObject({ code: 0, stderr: /^weir decode: 1 datagrams of other/ })
    expect(await decode(path, '--summary', '--port', '53')).toMatchObject({ code: 1 })
  })

  it('prints JSON whatever octets a text has', async () => {
    const hostile = Buffer.from(Array.from({ length: 250 }, (_, i) => (i < 248 ? i : 0xed)))
    const message = Buffer.concat([
      hex('0100'),
      u16(29 + hostile.length),
      Buffer.alloc(8),
      hex('ff'),
      u16(hostile.length),
      hostile,
      Buffer.alloc(14),
    ])
    const header = Buffer.concat([hex('000a'), u16(16 + message.length), hex(`${seconds} 00000000 0000002a`)])
    const { code, lines } = await decode(file('t.dat', template), file('hostile.dat', Buffer.concat([header, message])))
    expect(code).toBe(0)
    const { userName } = lines[0]!.fields as { userName: string }
    expect(userName.slice(0, 128)).toBe(hostile.subarray(0, 128).toString('latin1'))
  })

  it('reads standard input where that is a socket, as Node and sshd hand it over', async () => {
    const server = createServer(socket => socket.end(gzipSync(pcap([template, data])))).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const stdin = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const stdout = new Text()
    const io = { stdin, stdout, stderr: new Text(), signal: new AbortController().signal, env: {} }
    expect(await decodeCommand.run(['--summary', '-'], io)).toBe(exitCodes.ok)
    expect(stdout.text).toMatch(/"datagrams":2,"records":1/)
    server.close()
  })

  it('names elements that the user describes', async () => {
    const elements = file(
      'own.yaml',
      Buffer.from('elements:\n  9999:\n    7: { name: acmeColour, type: unsigned16 }\n'),
    )
    const { lines } = await decode('--elements', elements, file('template.dat', template), file('data.bin', data))
    expect(lines[0]!.fields).toMatchObject({ acmeColour: 0xbeef })
    const wrong = file('wrong.yaml', Buffer.from('elements:\n  9999:\n    7: { name: "a b", type: uint }\n'))
    await expect(decode('--elements', wrong, file('d.dat', data))).rejects.toThrow(
      /wrong\.yaml: elements\.9999\.7\.name: a name of/,
    )
  })

  it('reads IPFIX over TCP, and counts what of it the capture lacks', async () => {
    const segment = (at: number, payload: Buffer): Buffer => {
      const sequence = Buffer.alloc(4)
      sequence.writeUInt32BE(at)
      const tcp = Buffer.concat([hex('c350 1283'), sequence, hex('00000000 5018 0400 0000 0000'), payload])
      const ip = Buffer.concat([hex('4500'), u16(tcp.length + 20), hex('0001 0000 4006 0000 c0000209 c000020a'), tcp])
      const length = Buffer.alloc(4)
      length.writeUInt32BE(ip.length)
      return Buffer.concat([hex(`${seconds} 00000000`), length, length, ip])
    }
    const head = hex('a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000065')
    const [first, second] = [Buffer.concat([template, data.subarray(0, 20)]), data.subarray(20, 47)]
    const whole = Buffer.concat([head, segment(500, first), segment(500 + first.length, second)])
    expect(await decode(file('tcp.pcap', whole), '--summary')).toMatchObject({
      code: exitCodes.ok,
      lines: [
        { exporter: '192.0.2.9', templateId: 256 },
        { datagrams: 2, records: 1, errors: {} },
      ],
    })
    expect(await decode(file('tcp-cut.pcap', Buffer.concat([head, segment(500, first)])), '--summary')).toMatchObject({
      code: exitCodes.failed,
      stderr: expect.stringMatching(/lacks parts of 1 messages over TCP or SCTP/) as string,
      lines: [{ datagrams: 1, errors: { 'capture-invalid': 1 } }],
    })
  })

  it('names what is refused, once a code', async () => {
    const sflow4 = hex('00000004 00000001 c0000209 00000001 00000000 00000000')
    const { code, stderr, lines } = await decode(file('old.pcap', pcap([sflow4, sflow4], 6_343)), '--summary')
    expect(code).toBe(exitCodes.failed)
    expect(lines.at(-1)).toMatchObject({ errors: { 'version-unsupported': 2 } })
    expect(stderr).toBe('weir decode: version-unsupported (2), first in a datagram of 192.0.2.9, at octet 0: sflow4\n')
    const dtls = await decode(
      file('dtls.pcap', pcap([hex('17 fefd 0001 000000000001 0004 deadbeef')], 4_740)),
      '--summary',
    )
    expect(dtls).toMatchObject({ code: exitCodes.failed, lines: [{ errors: { 'datagram-encrypted': 1 } }] })
  })

  it('refuses wrong usage', async () => {
    await expect(decode()).rejects.toThrow(UsageError)
    await expect(decode(join(folder, 'absent.pcap'))).rejects.toThrow(/cannot read .*absent\.pcap/)
    await expect(decode(folder)).rejects.toThrow(/it is a folder/)
    const server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    await expect(decode(join(folder, 'socket'))).rejects.toThrow(/it is a socket/)
    server.close()
    // Root may read everything.
    if (process.getuid?.() !== 0) {
      chmodSync(file('secret.dat', data), 0)
      await expect(decode(join(folder, 'secret.dat'))).rejects.toThrow(/permission denied/)
    }
    await expect(decode('--port', 'x', file('d.pcap', pcap([])))).rejects.toThrow('"x" is no UDP port')
    await expect(decode('--colour', 'x')).rejects.toThrow(/colour/)
  })
})
