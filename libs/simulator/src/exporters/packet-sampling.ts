import { hash } from '../model/hash.ts'

/**
 * Which packets of a stream a one-in-n sampler takes: one at a chance place in each run of n. Which ones depends on the
 * stream and the place alone, so two looks at the same packets take the same.
 */
export function forEachSampledPacket(
  seed: number,
  samplingRate: number,
  fromPacket: number,
  untilPacket: number,
  take: (packet: number) => void,
): void {
  if (untilPacket <= fromPacket) return
  const lastRun = Math.floor((untilPacket - 1) / samplingRate)
  for (let run = Math.floor(fromPacket / samplingRate); run <= lastRun; run++) {
    const packet = run * samplingRate + (hash(seed, run, 41) % samplingRate)
    if (packet >= fromPacket && packet < untilPacket) take(packet)
  }
}
