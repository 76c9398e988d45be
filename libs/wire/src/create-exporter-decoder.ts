import { DatagramDecoder } from './datagram-decoder.ts'
import type { ExporterDecoder } from './exporter-decoder.ts'
import { type DecoderOptions, ExporterState, type RecordSink } from './exporter-state.ts'
import { appendNetflow5 } from './netflow5-rows.ts'
import { appendRecords, type RowOptions } from './record-rows.ts'
import { restoreState } from './snapshot.ts'

/**
 * A decoder of one exporter's NetFlow v1, v5, v7, v9, IPFIX and sFlow v5 datagrams, told apart by their first octets.
 * What it decides where standards leave a choice: docs/reference/flow-decoding.md.
 * @param state what an earlier decoder's `snapshot` gave; anything else begins afresh
 * @param names what its `names.save()` gave
 */
export function createExporterDecoder(options: DecoderOptions = {}, state?: unknown, names?: unknown): ExporterDecoder {
  const exporter = new ExporterState(options)
  if (names !== undefined) exporter.names.restore(names)
  if (state !== undefined) restoreState(exporter, state)
  return new DatagramDecoder(exporter, columnSink(exporter))
}

/** The same decoder with a reader of records beside the columns: `weir decode` prints every field. */
export function createTappedDecoder(
  options: DecoderOptions,
  tap: (state: ExporterState) => RecordSink,
): DatagramDecoder {
  const state = new ExporterState(options)
  return new DatagramDecoder(state, tap(state))
}

/** Writes records into columns. */
export function columnSink(state: ExporterState): RecordSink {
  const rowOptions: RowOptions = { reverse: state.options.reverseRecords, inner: state.options.innerPackets }
  return {
    data: (template, view, at, end, out, context, session) =>
      context.version === 5
        ? appendNetflow5(view, at, end, out, context, state)
        : appendRecords(template, view, at, end, out, context, session.sampling, state, rowOptions),
  }
}
