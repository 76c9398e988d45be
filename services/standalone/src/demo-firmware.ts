import { advisorySchema, type FirmwarePolicy, wantedVersionSchema } from '../../../libs/detect/src/index.ts'

/** What the demo's devices are held against, so that a newcomer sees an outdated router and a firewall with an advisory. */
export const demoFirmware: FirmwarePolicy = {
  wanted: [
    wantedVersionSchema.parse({ os: 'iosxe', role: 'edge', version: '16.12.8' }),
    wantedVersionSchema.parse({ os: 'arista_eos', version: '4.28.3M' }),
  ],
  advisories: [
    advisorySchema.parse({
      id: 'DEMO-2026-01',
      title: 'an invented advisory, to show what one looks like',
      os: 'panos',
      affected: ['>=10.2.0 <10.2.9-h1'],
      fixedIn: ['10.2.9-h1'],
      severity: 'medium',
    }),
  ],
}
