import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Sends NetFlow v9 sized datagrams at a rate, from several source addresses, and prints how many it sent. A process of its
 * own, so that its cost is not the collector's.
 * usage: udp-sender PORT PER_SECOND SECONDS BYTES EXPORTERS
 */
const [port = 0, perSecond = 0, seconds = 0, bytes = 0, exporters = 1] = process.argv.slice(2).map(Number)
const sockets = await Promise.all(
  Array.from({ length: exporters }, async (_, i) => {
    const socket = createSocket('udp4')
    socket.bind(0, `127.2.${i >> 8}.${(i & 0xff) + 1}`)
    await once(socket, 'listening')
    socket.connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return socket
  }),
)
const payload = Buffer.alloc(bytes)
payload.writeUInt16BE(9, 0)
payload.writeUInt16BE(24, 2)

let sent = 0
let inFlight = 0
const beganMs = performance.now()
while (performance.now() - beganMs < seconds * 1_000) {
  const due = Math.floor(((performance.now() - beganMs) / 1_000) * perSecond)
  for (; sent < due; sent++) {
    inFlight++
    sockets[sent % exporters]!.send(payload, () => {
      inFlight--
    })
    // The sender's own queue must not grow, or the rate is not the rate.
    while (inFlight > 256) await new Promise(resolve => setImmediate(resolve))
  }
  await sleep(1)
}
while (inFlight > 0) await sleep(1)
for (const socket of sockets) socket.close()
process.stdout.write(String(sent))
