import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot, parseConfig } from '../../../../libs/kernel/src/index.ts'
import { isWithin, type Oid, oid } from '../../../../libs/snmp/src/index.ts'
import { compileProfile, type Profile } from './profile.ts'
import { type OperatingSystem, operatingSystemsSchema, profileSchema } from './profile-schema.ts'

export const profilesFolder: string = join(packageRoot, 'services/snmp-poller/profiles')

export interface ProfileLibrary {
  /** Vendor and operating system by the system group. */
  identify(sysObjectId: Oid | undefined, sysDescr: string): { vendor: string; os: string }
  /** Those for an operating system first, then those for every device. */
  profilesFor(os: string): readonly Profile[]
}

/** @throws ConfigError on a profile that does not follow its schema; Error on a name that is not defined. */
export function loadProfiles(folder = profilesFolder): ProfileLibrary {
  const systemsFile = 'operating-systems.yaml'
  const systems = parseConfig(operatingSystemsSchema, readFileSync(join(folder, systemsFile), 'utf8'), systemsFile)
  const rules = systems.map(system => ({
    system,
    prefixes: system.sysObjectID.map(oid),
    descr: system.sysDescr === undefined ? undefined : new RegExp(system.sysDescr, 's'),
  }))
  const profiles = readdirSync(folder)
    .filter(file => file.endsWith('.yaml') && file !== systemsFile)
    .sort()
    .map(file =>
      compileProfile(file.slice(0, -5), parseConfig(profileSchema, readFileSync(join(folder, file), 'utf8'), file)),
    )
  const byOs = new Map<string, readonly Profile[]>()
  return {
    identify(sysObjectId, sysDescr) {
      const rule = rules.find(
        ({ prefixes, descr }) =>
          (prefixes.length === 0 ||
            (sysObjectId !== undefined && prefixes.some(prefix => isWithin(sysObjectId, prefix)))) &&
          (descr === undefined || descr.test(sysDescr)),
      )
      const { vendor, os }: Pick<OperatingSystem, 'vendor' | 'os'> = rule?.system ?? { vendor: '', os: '' }
      return { vendor, os }
    },
    profilesFor(os) {
      let found = byOs.get(os)
      if (!found) {
        const own = profiles.filter(({ source }) => source.os?.includes(os))
        found = [...own, ...profiles.filter(({ source }) => source.os === undefined)]
        byOs.set(os, found)
      }
      return found
    },
  }
}
