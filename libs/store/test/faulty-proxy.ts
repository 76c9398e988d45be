import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What happens to one request on its way to the server. */
export type Fate =
  | 'pass'
  /** The server answers with an exception, without having run anything. */
  | { exception: number; message: string }
  /** The connection breaks before the request is through. */
  | 'cut'
  /** The server does all of it; its answer is lost. */
  | 'lose-answer'

export interface FaultyProxy {
  url: string
  /** Consulted for every request; the SQL in its URL, or its body's beginning. */
  fate: (sql: string) => Fate
  /** Requests so far, by the first word of their SQL. */
  seen: string[]
  close(): Promise<void>
}

/** A network between a client and a server that fails as it is told. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  const proxy: FaultyProxy = { url: '', fate: () => 'pass', seen: [], close: async () => {} }
  const server = createServer((request, response) => void forward(request, response))

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const sql = new URL(request.url!, target).searchParams.get('query') ?? body.toString('utf8', 0, 200)
    proxy.seen.push(sql)
    const fate = proxy.fate(sql)
    if (fate === 'cut') return void request.socket.destroy()
    if (typeof fate === 'object') {
      response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(fate.exception) })
      return void response.end(`Code: ${fate.exception}. DB::Exception: ${fate.message}`)
    }
    const { host: _, 'transfer-encoding': __, ...headers } = request.headers
    const onward = httpRequest(new URL(request.url!, target), {
      method: request.method!,
      headers: { ...headers, 'content-length': String(body.length) },
    })
    onward.on('error', () => request.socket.destroy())
    onward.on('response', answer => {
      if (fate === 'lose-answer') return void answer.resume().on('end', () => request.socket.destroy())
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    onward.end(body)
  }

  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  proxy.close = async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
  return proxy
}
