import type { Command } from '../command.ts'

/** Commands are loaded when called: `weir decode` must not pay for Kafka. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  advisories: async () => (await import('./advisories.ts')).advisoriesCommand,
  all: async () => (await import('./services.ts')).all,
  config: async () => (await import('./config.ts')).configCommand,
  demo: async () => (await import('./demo.ts')).demo,
  decode: async () => (await import('./decode.ts')).decodeCommand,
  detect: async () => (await import('./detect.ts')).detectCommand,
  device: async () => (await import('./device.ts')).deviceCommand,
  discover: async () => (await import('./discover.ts')).discoverCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
  poll: async () => (await import('./poll.ts')).pollCommand,
  poller: async () => (await import('./services.ts')).poller,
  collector: async () => (await import('./services.ts')).collector,
  processor: async () => (await import('./services.ts')).processor,
  exporters: async () => (await import('./exporters.ts')).exportersCommand,
  templates: async () => (await import('./templates.ts')).templatesCommand,
  gateway: async () => (await import('./services.ts')).gateway,
  replay: async () => (await import('./replay.ts')).replayCommand,
  top: async () => (await import('./top.ts')).topCommand,
  walk: async () => (await import('./walk.ts')).walkCommand,
}
